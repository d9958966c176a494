import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { Clock } from '../../../lib/clock.ts';
import { badInput } from '../../../lib/errors.ts';
import type { MetricQuery, MetricSource, MetricWindow } from '../../ports/metrics.ts';
import type { ProbeTally } from '../probe-tally.ts';
import { baselineOf } from './baseline.ts';
import { countsOf, type RawCounts } from './counts.ts';
import { loadBalancerDimension, targetGroupDimension } from './load-balancer.ts';
import { readSeries, type Series, type Wanted } from './metric-data.ts';

export { ACTIONS } from './metric-data.ts';

/** CloudWatch has one count a minute of what a load balancer does. */
export const FINEST_MS = 60_000;
/** Counts of a minute that are older are kept in coarser steps only. */
const KEPT_MS = 14 * 86_400_000;
const LATE_MS = 180_000;

export interface CloudWatchOptions {
  readonly client: CloudWatchClient;
  /** ARN of the load balancer or of its listener. */
  readonly loadBalancer: string;
  readonly clock: Pick<Clock, 'now'>;
  /** After this time a window is taken as CloudWatch has it then, ms; 3 minutes unless told. */
  readonly lateMs?: number;
  /** Probes that go through the same target groups and are no users' requests. */
  readonly probes?: ProbeTally;
}

const PER_GROUP: readonly (readonly [keyof RawCounts, string, string])[] = [
  ['requests', 'RequestCount', 'Sum'],
  ['twos', 'HTTPCode_Target_2XX_Count', 'Sum'],
  ['threes', 'HTTPCode_Target_3XX_Count', 'Sum'],
  ['fours', 'HTTPCode_Target_4XX_Count', 'Sum'],
  ['fives', 'HTTPCode_Target_5XX_Count', 'Sum'],
  ['timed', 'TargetResponseTime', 'SampleCount'],
  ['p50', 'TargetResponseTime', 'p50'],
  ['p95', 'TargetResponseTime', 'p95'],
];

export const refuseFine = (widthMs: number): void => {
  if (widthMs > 0 && widthMs % FINEST_MS === 0) return;
  throw badInput(
    'CloudWatch cannot give such windows',
    [
      {
        path: 'gate.window',
        reason: 'it has one count a minute',
        got: `${widthMs / 1_000}s`,
        allowed: '60s, 120s, …',
      },
    ],
    'set gate.window to 60s where the counts come from CloudWatch',
  );
};

/** Seconds as a percentile rank takes them. */
const rankLimit = (ms: number): string => String(Number((ms / 1_000).toFixed(5)));

/** One side of one service, in all windows of a query. */
interface Side {
  readonly group: string;
  readonly slowerThanMs: number | undefined;
  readonly wanted: readonly (readonly [keyof RawCounts, Wanted])[];
}

const sideOf = (
  group: string,
  slowerThanMs: number | undefined,
  loadBalancer: string,
  periodMs: number,
): Side => {
  const targetGroup = targetGroupDimension(group);
  const metrics = [
    ...PER_GROUP,
    ...(slowerThanMs === undefined
      ? []
      : [['withinPercent', 'TargetResponseTime', `PR(:${rankLimit(slowerThanMs)})`] as const]),
  ];
  const wanted = metrics.map(
    ([key, metric, statistic]) => [key, { metric, statistic, loadBalancer, targetGroup, periodMs }] as const,
  );
  return { group, slowerThanMs, wanted };
};

/** Counts per target group and window, as far as they are settled. */
const readSides = async (client: CloudWatchClient, sides: readonly Side[], from: number, to: number) => {
  const all = sides.flatMap((side) => side.wanted);
  const series = await readSeries(
    client,
    all.map(([, wanted]) => wanted),
    from,
    to,
  );
  if (series === undefined) return undefined;
  let index = 0;
  const bySide = new Map(
    sides.map((side) => [side, side.wanted.map(([key]) => [key, series[index++] ?? new Map()] as const)]),
  );
  return (side: Side, at: number): RawCounts => {
    const raw: Partial<Record<keyof RawCounts, number>> = {};
    for (const [key, values] of bySide.get(side) ?? []) {
      const value = values.get(at);
      if (value !== undefined) raw[key] = value;
    }
    return raw;
  };
};

const NOTHING = { counts: { requests: 0, errors: 0, slow: 0 }, agrees: true };

/**
 * Counts of target groups from CloudWatch, without ever waiting. A window is given out once, when it is settled: when
 * the load balancer already has counts of a later minute and the counts of the window agree with one another, or when
 * it is older than `lateMs`. What is not settled is simply not there yet; the caller's cursor asks for it again.
 *
 * CloudWatch publishes no zeros. Whether a missing count is a zero is told by the load balancer's own request count,
 * which the probes of a release keep above zero: without it in a window nothing was seen.
 */
export const cloudWatchMetrics = (options: CloudWatchOptions): MetricSource => {
  const { client, clock, probes, lateMs = LATE_MS } = options;
  const loadBalancer = loadBalancerDimension(options.loadBalancer);
  const own = (metric: string, periodMs: number): Wanted => ({
    metric,
    statistic: 'Sum',
    loadBalancer,
    periodMs,
  });

  const windows = async (query: MetricQuery): Promise<readonly MetricWindow[]> => {
    const { widthMs } = query;
    refuseFine(widthMs);
    const now = clock.now();
    const from = Math.ceil(Math.max(query.since, now - KEPT_MS) / widthMs) * widthMs;
    const closed = Math.floor(now / widthMs) * widthMs;
    // Nothing of the first window can be settled before another minute has passed.
    if (closed <= from || now < from + widthMs + FINEST_MS) return [];
    const balancer = await readSeries(
      client,
      [own('RequestCount', FINEST_MS), own('HTTPCode_ELB_5XX_Count', widthMs)],
      from,
      Math.ceil(now / FINEST_MS) * FINEST_MS,
    );
    const [heart = new Map(), fives = new Map()] = balancer ?? [];
    if (balancer === undefined) return [];
    const lastBeat = Math.max(-Infinity, ...heart.keys());
    const due = (to: number): boolean => lastBeat >= to || now >= to + lateMs;
    let end = from;
    while (end < closed && due(end + widthMs)) end += widthMs;
    if (end === from) return [];
    return settled(query, { from, end, heart, fives, now });
  };

  const settled = async (
    { services, widthMs }: MetricQuery,
    seen: { from: number; end: number; heart: Series; fives: Series; now: number },
  ): Promise<MetricWindow[]> => {
    const side = (group: string | undefined, slow: number | undefined): Side | undefined =>
      group === undefined ? undefined : sideOf(group, slow, loadBalancer, widthMs);
    const rows = Object.entries(services).map(([service, s]) => ({
      service,
      fresh: side(s.fresh, s.slowerThanMs),
      stable: side(s.stable, s.slowerThanMs),
    }));
    const sides = rows.flatMap((r) => [r.fresh, r.stable].filter((s) => s !== undefined));
    const raw = sides.length === 0 ? () => ({}) : await readSides(client, sides, seen.from, seen.end);
    if (raw === undefined) return [];
    const given: MetricWindow[] = [];
    for (let at = seen.from; at < seen.end; at += widthMs) {
      const to = at + widthMs;
      const alive = [...seen.heart.keys()].some((beat) => beat >= at && beat < to);
      const count = (one: Side | undefined) => {
        if (one === undefined) return NOTHING;
        const made = probes?.made(one.group, at, to, one.slowerThanMs) ?? NOTHING.counts;
        return countsOf(raw(one, at), seen.fives.get(at) ?? 0, one.slowerThanMs !== undefined, made);
      };
      const counted = rows.map((r) => ({ ...r, a: count(r.fresh), b: count(r.stable) }));
      const agrees = counted.every(({ a, b }) => a.agrees && b.agrees);
      if (!agrees && seen.now < to + lateMs) break;
      for (const { service, stable, a, b } of counted)
        given.push({
          service,
          from: at,
          to,
          fresh: a.counts,
          stable: b.counts,
          seen: { fresh: alive, stable: alive && stable !== undefined },
        });
    }
    return given;
  };

  return {
    windows,
    baseline: async (targetGroups, lookbackMs, widthMs) => {
      refuseFine(widthMs);
      const to = Math.floor((clock.now() - lateMs) / widthMs) * widthMs;
      const from = to - Math.max(1, Math.floor(lookbackMs / widthMs)) * widthMs;
      const found = await Promise.all(
        Object.entries(targetGroups).map(async ([service, group]) => {
          const about = { loadBalancer, targetGroup: targetGroupDimension(group), from, to, widthMs };
          return [service, await baselineOf(client, about)] as const;
        }),
      );
      return Object.fromEntries(found.flatMap(([s, b]) => (b === undefined ? [] : [[s, b] as const])));
    },
  };
};
