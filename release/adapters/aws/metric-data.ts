import { CloudWatchClient, paginateGetMetricData, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { askingFor, parts } from './asking.ts';
import { clientSettings, type AwsSettings } from './settings.ts';

export const ACTIONS = ['cloudwatch:GetMetricData'] as const;

const ask = askingFor(ACTIONS);

/** What one question may hold. */
const MOST_SERIES = 500;
const MOST_POINTS = 100_800;

export const cloudWatchClient = (settings: AwsSettings): CloudWatchClient =>
  new CloudWatchClient(clientSettings(settings));

export interface Wanted {
  readonly metric: string;
  /** `Sum`, `SampleCount`, `p95`, `PR(:0.5)`. */
  readonly statistic: string;
  /** Of a load balancer; otherwise `place` says what is counted. */
  readonly loadBalancer?: string;
  readonly targetGroup?: string;
  readonly place?: {
    readonly namespace: string;
    readonly dimensions: readonly { readonly Name: string; readonly Value: string }[];
  };
  readonly periodMs: number;
}

/** Start of a period, ms → value. Periods without a value are not there. */
export type Series = ReadonlyMap<number, number>;

const queryOf = (wanted: Wanted, index: number): MetricDataQuery => ({
  Id: `m${index}`,
  MetricStat: {
    Metric: {
      Namespace: wanted.place?.namespace ?? 'AWS/ApplicationELB',
      MetricName: wanted.metric,
      Dimensions: [
        ...(wanted.targetGroup === undefined ? [] : [{ Name: 'TargetGroup', Value: wanted.targetGroup }]),
        ...(wanted.loadBalancer === undefined ? [] : [{ Name: 'LoadBalancer', Value: wanted.loadBalancer }]),
        ...(wanted.place?.dimensions ?? []),
      ],
    },
    Period: wanted.periodMs / 1_000,
    Stat: wanted.statistic,
  },
});

const readPart = (
  client: CloudWatchClient,
  wanted: readonly Wanted[],
  from: number,
  to: number,
): Promise<Series[] | undefined> =>
  ask('cloudwatch:GetMetricData', `of ${wanted.length} series`, async (o) => {
    const series = wanted.map(() => new Map<number, number>());
    const complete = wanted.map(() => false);
    const input = {
      StartTime: new Date(from),
      EndTime: new Date(to),
      ScanBy: 'TimestampAscending' as const,
      MetricDataQueries: wanted.map(queryOf),
    };
    for await (const page of paginateGetMetricData({ client }, input, o))
      for (const { Id = '', Timestamps = [], Values = [], StatusCode } of page.MetricDataResults ?? []) {
        const index = Number(Id.slice(1));
        complete[index] = StatusCode === 'Complete';
        Timestamps.forEach((at, i) => {
          const value = Values[i];
          if (value !== undefined && Number.isFinite(value)) series[index]?.set(at.getTime(), value);
        });
      }
    return complete.every(Boolean) ? series : undefined;
  });

/**
 * Series in the order they are wanted, `[from, to)`; as few questions as CloudWatch allows, all at once. Undefined
 * when CloudWatch could not read all of it just now: half of the counts would say that good answers were errors.
 */
export const readSeries = async (
  client: CloudWatchClient,
  wanted: readonly Wanted[],
  from: number,
  to: number,
): Promise<readonly Series[] | undefined> => {
  const shortest = Math.min(...wanted.map((w) => w.periodMs));
  const size = Math.max(
    1,
    Math.min(MOST_SERIES, Math.floor((MOST_POINTS * shortest) / (to - from + shortest))),
  );
  const answers = await Promise.all(parts(wanted, size).map((part) => readPart(client, part, from, to)));
  return answers.includes(undefined) ? undefined : answers.flatMap((a) => a ?? []);
};
