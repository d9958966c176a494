import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { Clock } from '../../../../lib/clock.ts';
import type { Baseline, Counts, MetricQuery, MetricSource, MetricWindow } from '../../../ports/metrics.ts';
import { readSeries, type Series, type Wanted } from '../metric-data.ts';
import { FINEST_MS, refuseFine } from '../metrics.ts';
import { parseQualified } from './client.ts';

export interface FunctionMetricsOptions {
  readonly client: CloudWatchClient;
  /** Name of the alias that users call. */
  readonly alias: string;
  readonly clock: Pick<Clock, 'now'>;
  /** After this time a window is taken as CloudWatch has it then, ms; 3 minutes unless told. */
  readonly lateMs?: number;
}

const LATE_MS = 180_000;
const NAMESPACE = 'AWS/Lambda';

const dimension = (Name: string, Value: string) => ({ Name, Value });

const wantedOf = (
  metric: string,
  statistic: string,
  periodMs: number,
  dimensions: readonly { Name: string; Value: string }[],
): Wanted => ({ metric, statistic, periodMs, place: { namespace: NAMESPACE, dimensions } });

const STATISTICS = [
  ['requests', 'Invocations', 'Sum'],
  ['errors', 'Errors', 'Sum'],
  ['timed', 'Duration', 'SampleCount'],
  ['p50', 'Duration', 'p50'],
  ['p95', 'Duration', 'p95'],
  ['p99', 'Duration', 'p99'],
] as const;
type Key = (typeof STATISTICS)[number][0] | 'within';
type Side = Partial<Record<Key, Series>>;

/** Users' calls that one version answered, or all that came through the alias (`version` undefined). */
const readSide = async (
  { client, alias }: FunctionMetricsOptions,
  about: { name: string; version: string | undefined; slowerThanMs: number | undefined },
  range: { from: number; to: number; periodMs: number },
): Promise<Side | undefined> => {
  const { name, version, slowerThanMs } = about;
  const dimensions = [
    dimension('FunctionName', name),
    dimension('Resource', `${name}:${alias}`),
    ...(version === undefined ? [] : [dimension('ExecutedVersion', version)]),
  ];
  const rows: readonly (readonly [Key, string, string])[] = [
    ...STATISTICS,
    ...(slowerThanMs === undefined ? [] : [['within', 'Duration', `PR(:${slowerThanMs})`] as const]),
  ];
  const series = await readSeries(
    client,
    rows.map(([, metric, statistic]) => wantedOf(metric, statistic, range.periodMs, dimensions)),
    range.from,
    range.to,
  );
  return series && Object.fromEntries(rows.map(([key], i) => [key, series[i] ?? new Map()]));
};

const countsAt = (side: Side | undefined, at: number): Counts => {
  const value = (key: Key): number | undefined => side?.[key]?.get(at);
  const within = value('within');
  const [p50, p95] = [value('p50'), value('p95')];
  return {
    requests: value('requests') ?? 0,
    errors: value('errors') ?? 0,
    slow: within === undefined ? 0 : Math.round(((value('timed') ?? 0) * (100 - within)) / 100),
    ...(p50 === undefined ? {} : { p50 }),
    ...(p95 === undefined ? {} : { p95 }),
  };
};

/**
 * Counts of published versions from CloudWatch: what came through the alias, by the version that answered. Probes name
 * a version and are not among them; the function's own count, which they keep above zero, tells a real zero from lost
 * metrics. Lambda parts by version only while an alias has two: with one, everything is that one's.
 */
export const functionMetrics = (options: FunctionMetricsOptions): MetricSource => {
  const { client, clock, lateMs = LATE_MS } = options;

  const one = async (
    service: string,
    { fresh, stable, slowerThanMs }: MetricQuery['services'][string],
    range: { from: number; end: number; widthMs: number; now: number },
  ): Promise<MetricWindow[]> => {
    const { name, qualifier } = parseQualified(fresh);
    const old = stable === undefined ? undefined : parseQualified(stable).qualifier;
    const span = { from: range.from, to: range.end, periodMs: range.widthMs };
    const side = (version: string | undefined) => readSide(options, { name, version, slowerThanMs }, span);
    const [heart, all, a, b] = await Promise.all([
      readSeries(
        client,
        [wantedOf('Invocations', 'Sum', FINEST_MS, [dimension('FunctionName', name)])],
        range.from,
        Math.ceil(range.now / FINEST_MS) * FINEST_MS,
      ),
      side(undefined),
      side(qualifier),
      old === undefined ? undefined : side(old),
    ]);
    const beats = [...(heart?.[0]?.keys() ?? [])];
    const last = Math.max(-Infinity, ...beats);
    const windows: MetricWindow[] = [];
    for (let at = range.from; at < range.end; at += range.widthMs) {
      const to = at + range.widthMs;
      if (heart === undefined || (last < to && range.now < to + lateMs)) break;
      const parted = countsAt(a, at).requests + countsAt(b, at).requests > 0;
      const alive = beats.some((beat) => beat >= at && beat < to);
      windows.push({
        service,
        from: at,
        to,
        fresh: countsAt(parted ? a : all, at),
        stable: countsAt(parted ? b : undefined, at),
        seen: { fresh: alive, stable: alive && stable !== undefined },
      });
    }
    return windows;
  };

  return {
    windows: async ({ services, since, widthMs }) => {
      refuseFine(widthMs);
      const now = clock.now();
      const from = Math.ceil(since / widthMs) * widthMs;
      const end = Math.floor(now / widthMs) * widthMs;
      if (end <= from) return [];
      const range = { from, end, widthMs, now };
      const found = await Promise.all(Object.entries(services).map(([s, q]) => one(s, q, range)));
      return found.flat().sort((a, b) => a.from - b.from);
    },
    baseline: async (versions, lookbackMs, widthMs) => {
      refuseFine(widthMs);
      const to = Math.floor((clock.now() - lateMs) / widthMs) * widthMs;
      const from = to - Math.max(1, Math.floor(lookbackMs / widthMs)) * widthMs;
      const found = await Promise.all(
        Object.entries(versions).map(async ([service, arn]) => {
          const { name } = parseQualified(arn);
          // Before a release the alias has one version: all of its calls are the stable version's.
          const about = { name, version: undefined, slowerThanMs: undefined };
          return [
            service,
            baselineOf(await readSide(options, about, { from, to, periodMs: widthMs }), to, widthMs),
          ] as const;
        }),
      );
      return Object.fromEntries(found.flatMap(([s, b]) => (b === undefined ? [] : [[s, b] as const])));
    },
  };
};

/** Mean of a quantile over the windows it is known for, each as heavy as the calls in it. */
const weighted = (side: Side, key: 'p50' | 'p95' | 'p99'): number | undefined => {
  let [sum, weight] = [0, 0];
  for (const [at, value] of side[key] ?? []) {
    const n = side.timed?.get(at) ?? 0;
    sum += value * n;
    weight += n;
  }
  return weight === 0 ? undefined : Math.round((sum / weight) * 100) / 100;
};

const baselineOf = (side: Side | undefined, to: number, widthMs: number): Baseline | undefined => {
  const first = Math.min(Infinity, ...(side?.requests?.keys() ?? []));
  if (side === undefined || first === Infinity) return undefined;
  const windows: Counts[] = [];
  for (let at = first; at < to; at += widthMs) windows.push(countsAt(side, at));
  return {
    requests: windows.reduce((sum, w) => sum + w.requests, 0),
    errors: windows.reduce((sum, w) => sum + w.errors, 0),
    seconds: (to - first) / 1_000,
    p50: weighted(side, 'p50'),
    p95: weighted(side, 'p95'),
    p99: weighted(side, 'p99'),
    errorWindows: windows.map((w) => w.errors),
  };
};
