import type { CloudWatchClient, GetMetricDataCommand, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { CloudWatchClient as Real } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { functionMetrics } from '../../../../release/adapters/aws/lambda/metrics.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5, 12);
const version = (n: number): string => `arn:aws:lambda:eu-west-1:123456789012:function:shop-greet:${n}`;

/** `<resource> <version> <metric> <statistic>` → value of the first minute; the function's own beats come beside. */
const fake = (values: Readonly<Record<string, number>>, beats: readonly number[]): CloudWatchClient => {
  const keyOf = ({ MetricStat }: MetricDataQuery): string => {
    const of = (name: string) => MetricStat?.Metric?.Dimensions?.find((d) => d.Name === name)?.Value ?? '-';
    return [of('Resource'), of('ExecutedVersion'), MetricStat?.Metric?.MetricName, MetricStat?.Stat].join(
      ' ',
    );
  };
  const send = ({ input }: GetMetricDataCommand) =>
    Promise.resolve({
      MetricDataResults: (input.MetricDataQueries ?? []).map((query) => {
        const key = keyOf(query);
        const points =
          key === '- - Invocations Sum'
            ? beats.map((at) => [at, 1] as const)
            : values[key] === undefined
              ? []
              : [[START, values[key]] as const];
        return {
          Id: query.Id,
          StatusCode: 'Complete' as const,
          Timestamps: points.map(([at]) => new Date(at)),
          Values: points.map(([, value]) => value),
        };
      }),
    });
  return Object.assign(Object.create(Real.prototype as object) as CloudWatchClient, { send });
};

const source = (values: Record<string, number>, beats: readonly number[], now: number) =>
  functionMetrics({ client: fake(values, beats), alias: 'live', clock: { now: () => now } });
const query = {
  services: { greet: { fresh: version(4), stable: version(3), slowerThanMs: 500 } },
  since: START,
  widthMs: MINUTE,
};
const AT = 'shop-greet:live';

it('parts the calls through the alias by the version that answered', async () => {
  const values = {
    [`${AT} 4 Invocations Sum`]: 10,
    [`${AT} 4 Errors Sum`]: 3,
    [`${AT} 4 Duration SampleCount`]: 10,
    [`${AT} 4 Duration PR(:500)`]: 80,
    [`${AT} 3 Invocations Sum`]: 90,
    [`${AT} - Invocations Sum`]: 100,
  };
  const found = await source(values, [START, START + MINUTE], START + 2 * MINUTE).windows(query);
  expect(found[0]).toMatchObject({
    service: 'greet',
    from: START,
    fresh: { requests: 10, errors: 3, slow: 2 },
    stable: { requests: 90, errors: 0, slow: 0 },
    seen: { fresh: true, stable: true },
  });
});

it('while the alias has one version, all of its calls are that one’s', async () => {
  const values = { [`${AT} - Invocations Sum`]: 100, [`${AT} - Errors Sum`]: 1 };
  const found = await source(values, [START, START + MINUTE], START + 2 * MINUTE).windows(query);
  expect(found[0]).toMatchObject({ fresh: { requests: 100, errors: 1 }, stable: { requests: 0 } });
});

it('a window is there once a later minute is counted, or when it is late; without any count nothing was seen', async () => {
  expect(await source({}, [START], START + MINUTE + 1).windows(query)).toEqual([]);
  const late = await source({}, [], START + 5 * MINUTE).windows(query);
  expect(late[0]?.seen).toEqual({ fresh: false, stable: false });
});

it('windows finer than CloudWatch counts are refused', async () => {
  await expect(source({}, [], START).windows({ ...query, widthMs: 10_000 })).rejects.toThrow(
    'one count a minute',
  );
});

it('a baseline is what came through the alias before the release', async () => {
  const values = {
    [`${AT} - Invocations Sum`]: 120,
    [`${AT} - Errors Sum`]: 2,
    [`${AT} - Duration SampleCount`]: 120,
    [`${AT} - Duration p95`]: 40,
  };
  const found = await source(values, [], START + 4 * MINUTE).baseline({ greet: version(3) }, MINUTE, MINUTE);
  expect(found['greet']).toMatchObject({ requests: 120, errors: 2, seconds: 60, p95: 40, errorWindows: [2] });
});
