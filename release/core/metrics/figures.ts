import { quantile } from './quantile.ts';
import type { DeploymentFacts } from './facts.ts';

/** The figures of an environment (E7): DORA's four, and what the documents set targets for. */
export interface Figures {
  readonly from: number;
  readonly to: number;
  readonly releases: number;
  readonly successes: number;
  readonly rolledBack: number;
  readonly failed: number;
  /** Rollbacks by people. */
  readonly rollbacks: number;
  /** Successful releases a day. */
  readonly perDay: number;
  /** Percent of releases; undefined where there was none. */
  readonly successRate: number | undefined;
  /** Percent of the releases that reached users' services and were taken back, by itself or by a person. */
  readonly changeFailureRate: number | undefined;
  /** Rollbacks of both kinds, in percent of releases. */
  readonly rollbackFrequency: number | undefined;
  readonly leadTime: Spread | undefined;
  readonly timeToRestore: Spread | undefined;
  /** Without bakes. */
  readonly duration: Spread | undefined;
  /** Percent of health checks that were healthy at the end. */
  readonly health: number | undefined;
  /** Percent of the requests during rollouts that were answered without a server error. */
  readonly availability: number | undefined;
  /** Phase or stage → its time in one deployment. */
  readonly phases: Readonly<Record<string, Spread>>;
}

/** Milliseconds. */
export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly longest: number;
}

const DAY = 86_400_000;
const percent = (part: number, whole: number): number | undefined =>
  whole === 0 ? undefined : (100 * part) / whole;

const spread = (values: readonly number[]): Spread | undefined => {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    longest: sorted.at(-1) ?? 0,
  };
};

/** A person's rollback blames the newest successful release of the version it took away, before it. */
const takenBack = (all: readonly DeploymentFacts[]): ReadonlySet<string> => {
  const newest = new Map<string, string>();
  const blamed = new Set<string>();
  for (const f of all.toSorted((a, b) => a.finishedAt - b.finishedAt)) {
    if (f.kind === 'release' && f.status === 'success') newest.set(f.version, f.deployment);
    const of = f.tookAway === undefined || f.status !== 'success' ? undefined : newest.get(f.tookAway);
    if (of !== undefined) blamed.add(of);
  }
  return blamed;
};

const phasesOf = (releases: readonly DeploymentFacts[]): Record<string, Spread> => {
  const times = new Map<string, number[]>();
  for (const { phases } of releases)
    for (const [name, ms] of Object.entries(phases)) {
      const list = times.get(name);
      if (list === undefined) times.set(name, [ms]);
      else list.push(ms);
    }
  return Object.fromEntries(
    [...times].flatMap(([name, list]) => {
      const s = spread(list);
      return s === undefined ? [] : [[name, s] as const];
    }),
  );
};

const total = (facts: readonly DeploymentFacts[], of: (f: DeploymentFacts) => number): number =>
  facts.reduce((n, f) => n + of(f), 0);

/** Figures of the deployments that ended in [from, to). A rollback counts for the release it took away, wherever that ended. */
export const figuresOf = (all: readonly DeploymentFacts[], from: number, to: number): Figures => {
  const inside = all.filter((f) => f.finishedAt >= from && f.finishedAt < to);
  const releases = inside.filter((f) => f.kind === 'release');
  const rollbacks = inside.filter((f) => f.kind === 'rollback' && f.status === 'success');
  const blamed = takenBack(all);
  const good = releases.filter((f) => f.status === 'success');
  const rolledBack = releases.filter((f) => f.status === 'rolled_back');
  const changed = releases.filter((f) => f.changed || f.status === 'success');
  const bad = changed.filter((f) => f.status !== 'success' || blamed.has(f.deployment));
  const requests = total(inside, (f) => f.requests);
  return {
    from,
    to,
    releases: releases.length,
    successes: good.length,
    rolledBack: rolledBack.length,
    failed: releases.length - good.length - rolledBack.length,
    rollbacks: rollbacks.length,
    perDay: good.length / Math.max(1, (to - from) / DAY),
    successRate: percent(good.length, releases.length),
    changeFailureRate: percent(bad.length, changed.length),
    rollbackFrequency: percent(rolledBack.length + rollbacks.length, releases.length),
    leadTime: spread(
      good.flatMap((f) => (f.committedAt === undefined ? [] : [f.finishedAt - f.committedAt])),
    ),
    timeToRestore: spread(inside.flatMap((f) => f.restoreMs ?? [])),
    duration: spread(good.map((f) => f.workMs)),
    health: percent(
      total(good, (f) => f.healthy),
      total(good, (f) => f.checked),
    ),
    availability: percent(requests - total(inside, (f) => f.errors), requests),
    phases: phasesOf(releases),
  };
};
