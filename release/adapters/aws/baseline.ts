import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { Baseline } from '../../ports/metrics.ts';
import { countsOf, milliseconds, type RawCounts } from './counts.ts';
import { readSeries, type Series, type Wanted } from './metric-data.ts';

interface About {
  readonly loadBalancer: string;
  readonly targetGroup: string;
  readonly from: number;
  readonly to: number;
  readonly widthMs: number;
}

const COUNTS = [
  ['requests', 'RequestCount'],
  ['twos', 'HTTPCode_Target_2XX_Count'],
  ['threes', 'HTTPCode_Target_3XX_Count'],
  ['fours', 'HTTPCode_Target_4XX_Count'],
  ['fives', 'HTTPCode_Target_5XX_Count'],
] as const satisfies readonly (readonly [keyof RawCounts, string])[];
const QUANTILES = ['p50', 'p95', 'p99'] as const;
/** Quantiles of a whole hour at once: of single minutes they would be of too few requests. */
const LONG_MS = 3_600_000;

/** Mean of a quantile over the periods it is known for, each as heavy as the requests in it. */
const weighted = (values: Series, counts: Series): number | undefined => {
  let sum = 0;
  let weight = 0;
  for (const [at, value] of values) {
    const n = counts.get(at) ?? 0;
    sum += value * n;
    weight += n;
  }
  return weight === 0 ? undefined : milliseconds(sum / weight);
};

/** What a target group did in `[from, to)`, from its first counts on; undefined when CloudWatch has none. */
export const baselineOf = async (client: CloudWatchClient, about: About): Promise<Baseline | undefined> => {
  const { loadBalancer, targetGroup, from, to, widthMs } = about;
  const group = (metric: string, statistic: string, periodMs: number): Wanted => ({
    metric,
    statistic,
    loadBalancer,
    targetGroup,
    periodMs,
  });
  const fives: Wanted = {
    metric: 'HTTPCode_ELB_5XX_Count',
    statistic: 'Sum',
    loadBalancer,
    periodMs: widthMs,
  };
  const series = await readSeries(
    client,
    [
      ...COUNTS.map(([, metric]) => group(metric, 'Sum', widthMs)),
      fives,
      group('TargetResponseTime', 'SampleCount', LONG_MS),
      ...QUANTILES.map((q) => group('TargetResponseTime', q, LONG_MS)),
    ],
    from,
    to,
  );
  const at = (index: number): Series => series?.[index] ?? new Map();
  const first = Math.min(Infinity, ...COUNTS.flatMap((_, i) => [...at(i).keys()]));
  if (first === Infinity) return undefined;
  const none = { requests: 0, errors: 0, slow: 0 };
  const windows: { requests: number; errors: number }[] = [];
  for (let t = first; t < to; t += widthMs) {
    const raw: RawCounts = Object.fromEntries(
      COUNTS.flatMap(([key], i) => {
        const value = at(i).get(t);
        return value === undefined ? [] : [[key, value]];
      }),
    );
    windows.push(countsOf(raw, at(COUNTS.length).get(t) ?? 0, false, none).counts);
  }
  const [p50, p95, p99] = QUANTILES.map((_, i) => weighted(at(COUNTS.length + 2 + i), at(COUNTS.length + 1)));
  return {
    requests: windows.reduce((sum, w) => sum + w.requests, 0),
    errors: windows.reduce((sum, w) => sum + w.errors, 0),
    seconds: (to - first) / 1_000,
    p50,
    p95,
    p99,
    errorWindows: windows.map((w) => w.errors),
  };
};
