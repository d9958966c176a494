import type { DeploymentRecord } from '../records/schema.ts';

/** What the figures need of one record; small, so that thousands are summed up in no time. Times are milliseconds. */
export interface DeploymentFacts {
  readonly deployment: string;
  readonly kind: 'release' | 'rollback';
  readonly version: string;
  readonly status: DeploymentRecord['status'];
  readonly startedAt: number;
  readonly finishedAt: number;
  /** When its commit was made; undefined where the record does not say. */
  readonly committedAt: number | undefined;
  /** From start to end without bakes. */
  readonly workMs: number;
  /** Whether services or traffic were touched. */
  readonly changed: boolean;
  /** Of a rollback by a person: the version it took away. */
  readonly tookAway: string | undefined;
  /** From the failure, or from a person's decision, until users were back on a version that works. */
  readonly restoreMs: number | undefined;
  /** Time by phase: `backup`, `migrate`, `stage canary`, … */
  readonly phases: Readonly<Record<string, number>>;
  readonly healthy: number;
  readonly checked: number;
  readonly requests: number;
  readonly errors: number;
}

/** The time from each line of the timeline to the next one belongs to its phase; stages are told apart by name. */
const phasesOf = (r: DeploymentRecord): Record<string, number> => {
  const phases: Record<string, number> = {};
  const add = (name: string, ms: number): void => {
    phases[name] = (phases[name] ?? 0) + Math.max(0, ms);
  };
  const times = r.timeline.map((e) => Date.parse(e.at));
  for (const [i, entry] of r.timeline.entries()) {
    if (entry.phase === 'stage') continue;
    add(entry.phase, (times[i + 1] ?? Date.parse(r.finished_at)) - (times[i] ?? 0));
  }
  for (const s of r.rollout_stages)
    add(`stage ${s.stage}`, Date.parse(s.ended_at ?? r.finished_at) - Date.parse(s.started_at));
  return phases;
};

const restoreOf = (r: DeploymentRecord): number | undefined => {
  const back = r.rollback;
  if (back?.weights_restored_ms === undefined) return undefined;
  const decided = Date.parse(back.decided_at);
  const from = r.failure === undefined ? decided : Math.min(decided, Date.parse(r.failure.at));
  return decided + back.weights_restored_ms - from;
};

/** The reason of a drill: its records are kept, and figures leave them out. */
export const DRILL_REASON = 'drill';
export const isDrill = (r: DeploymentRecord): boolean =>
  r.kind === 'rollback' && r.change.why === DRILL_REASON;

export const factsOf = (r: DeploymentRecord): DeploymentFacts => {
  const checks = Object.values(r.health_checks).filter((c) => c !== 'none' && c !== 'not run');
  const totals = r.rollout_stages.flatMap((s) => Object.values(s.totals));
  const sum = (key: 'requests' | 'errors'): number =>
    totals.reduce((n, t) => n + t.fresh[key] + t.stable[key], 0);
  return {
    deployment: r.deployment_id,
    kind: r.kind,
    version: r.version,
    status: r.status,
    startedAt: Date.parse(r.started_at),
    finishedAt: Date.parse(r.finished_at),
    committedAt: r.committed_at === undefined ? undefined : Date.parse(r.committed_at),
    workMs: r.duration_ms.total - r.duration_ms.bakes,
    changed: r.services_deployed.length > 0,
    tookAway: r.kind === 'rollback' ? r.previous?.version : undefined,
    restoreMs: restoreOf(r),
    phases: phasesOf(r),
    healthy: checks.filter((c) => c === 'healthy' || c === 'passed').length,
    checked: checks.length,
    requests: sum('requests'),
    errors: sum('errors'),
  };
};
