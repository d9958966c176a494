import type { CloudWatchClient, GetMetricDataCommand, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { beforeEach, expect, it } from 'vitest';
import { cloudWatchMetrics } from '../../../../release/adapters/aws/metrics.ts';
import { probeTally } from '../../../../release/adapters/probe-tally.ts';
import type { MetricQuery } from '../../../../release/ports/metrics.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5, 12);
const ARN = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012';
const group = (name: string): string => `${ARN}:targetgroup/${name}/73e2d6bc24d8a067`;

/** CloudWatch as far as `GetMetricData` goes: percentile statistics too, which moto does not have. */
class FakeCloudWatch {
  readonly values = new Map<string, Map<number, number>>();
  readonly asked: string[][] = [];
  status: 'Complete' | 'PartialData' = 'Complete';
  /** `slot metric statistic`; slot `balancer` for the load balancer's own. */
  set(slot: string, metric: string, statistic: string, at: number, value: number): void {
    const key = `${slot} ${metric} ${statistic}`;
    this.values.set(key, (this.values.get(key) ?? new Map<number, number>()).set(at, value));
  }
  minute(slot: string, at: number, requests: number, good: number, fives = 0): void {
    this.set(slot, 'RequestCount', 'Sum', at, requests);
    if (good > 0) this.set(slot, 'HTTPCode_Target_2XX_Count', 'Sum', at, good);
    if (fives > 0) this.set(slot, 'HTTPCode_Target_5XX_Count', 'Sum', at, fives);
  }
  client(): CloudWatchClient {
    const send = (command: GetMetricDataCommand) => {
      const { MetricDataQueries = [], StartTime, EndTime } = command.input;
      const keys = MetricDataQueries.map(keyOf);
      this.asked.push(keys);
      const inside = (at: number) => at >= (StartTime?.getTime() ?? 0) && at < (EndTime?.getTime() ?? 0);
      return Promise.resolve({
        MetricDataResults: MetricDataQueries.map((query, i) => {
          const points = [...(this.values.get(keys[i] ?? '') ?? [])].filter(([at]) => inside(at));
          return {
            Id: query.Id,
            StatusCode: this.status,
            Timestamps: points.map(([at]) => new Date(at)),
            Values: points.map(([, value]) => value),
          };
        }),
      });
    };
    // The paginator asks for a client of the right class.
    return Object.assign(Object.create(cloudWatchPrototype) as CloudWatchClient, { send });
  }
}

const { CloudWatchClient: Real } = await import('@aws-sdk/client-cloudwatch');
const cloudWatchPrototype = Real.prototype as object;

const keyOf = (query: MetricDataQuery): string => {
  const { Metric, Stat } = query.MetricStat ?? {};
  const named = Metric?.Dimensions?.find((d) => d.Name === 'TargetGroup')?.Value;
  return `${named?.split('/')[1] ?? 'balancer'} ${Metric?.MetricName ?? ''} ${Stat ?? ''}`;
};

let cloud: FakeCloudWatch;
let now: number;
beforeEach(() => {
  cloud = new FakeCloudWatch();
  now = START;
});
const source = (probes = probeTally()) =>
  cloudWatchMetrics({
    client: cloud.client(),
    loadBalancer: `${ARN}:loadbalancer/app/azora/50dc6c495c0c9188`,
    clock: { now: () => now },
    probes,
  });
const query = (change: Partial<MetricQuery> = {}): MetricQuery => ({
  services: { auth: { fresh: group('green'), stable: group('blue'), slowerThanMs: 500 } },
  since: START,
  widthMs: MINUTE,
  ...change,
});

it('a window is there once a later minute is counted, and not one look earlier', async () => {
  cloud.minute('green', START, 10, 10);
  cloud.minute('blue', START, 90, 89, 1);
  cloud.set('balancer', 'RequestCount', 'Sum', START, 100);
  now = START + 2 * MINUTE + 5_000;
  expect(await source().windows(query())).toEqual([]);
  cloud.set('balancer', 'RequestCount', 'Sum', START + MINUTE, 1);
  expect(await source().windows(query())).toEqual([
    {
      service: 'auth',
      from: START,
      to: START + MINUTE,
      fresh: { requests: 10, errors: 0, slow: 0 },
      stable: { requests: 90, errors: 1, slow: 0 },
      seen: { fresh: true, stable: true },
    },
  ]);
});

it('good answers that are published late make no errors: the window is waited for', async () => {
  cloud.minute('green', START, 50, 0);
  cloud.minute('blue', START, 50, 50);
  for (const at of [START, START + MINUTE]) cloud.set('balancer', 'RequestCount', 'Sum', at, 50);
  now = START + 2 * MINUTE + 5_000;
  expect(await source().windows(query())).toEqual([]);
  cloud.minute('green', START, 50, 50);
  const [window] = await source().windows(query());
  expect(window?.fresh).toEqual({ requests: 50, errors: 0, slow: 0 });
});

it('after three minutes a window is taken as it is, without blaming the version for what nobody counted', async () => {
  cloud.minute('green', START, 50, 40, 2);
  cloud.set('balancer', 'RequestCount', 'Sum', START, 50);
  now = START + MINUTE + 179_000;
  expect(await source().windows(query())).toEqual([]);
  now = START + MINUTE + 180_000;
  const [window] = await source().windows(query());
  expect(window).toMatchObject({ from: START, fresh: { requests: 50, errors: 2 } });
});

it('answers of the balancer itself count for the version whose requests they were', async () => {
  cloud.minute('green', START, 50, 30);
  cloud.minute('blue', START, 50, 50);
  cloud.set('balancer', 'HTTPCode_ELB_5XX_Count', 'Sum', START, 20);
  for (const at of [START, START + MINUTE]) cloud.set('balancer', 'RequestCount', 'Sum', at, 100);
  now = START + 2 * MINUTE;
  const [window] = await source().windows(query());
  expect([window?.fresh.errors, window?.stable.errors]).toEqual([20, 0]);
});

it('without any count of the load balancer nothing was seen; with them a silent version had no requests', async () => {
  cloud.minute('blue', START + MINUTE, 5, 5);
  cloud.set('balancer', 'RequestCount', 'Sum', START + MINUTE, 5);
  now = START + 5 * MINUTE;
  const windows = await source().windows(query());
  expect(windows.map((w) => [w.seen.fresh, w.seen.stable])).toEqual([
    [false, false],
    [true, true],
  ]);
  expect(windows[1]?.fresh.requests).toBe(0);
});

it('half an answer of CloudWatch is none', async () => {
  cloud.minute('green', START, 50, 50);
  for (const at of [START, START + MINUTE]) cloud.set('balancer', 'RequestCount', 'Sum', at, 50);
  now = START + 2 * MINUTE;
  cloud.status = 'PartialData';
  expect(await source().windows(query())).toEqual([]);
  cloud.status = 'Complete';
  expect(await source().windows(query())).toHaveLength(1);
});

it('probes through the preview rule are taken out of the counts', async () => {
  const probes = probeTally();
  const target = {
    service: 'auth',
    targetGroup: group('green'),
    url: '',
    headers: {},
    version: undefined,
    timeoutMs: 1,
  };
  for (let i = 0; i < 6; i += 1)
    probes.note(target, {
      service: 'auth',
      at: START + i * 10_000,
      healthy: i > 0,
      status: i > 0 ? 200 : 503,
      version: '2.0.0',
      latencyMs: 3,
      healthyTargets: 2,
      reason: undefined,
    });
  cloud.minute('green', START, 26, 25, 1);
  for (const at of [START, START + MINUTE]) cloud.set('balancer', 'RequestCount', 'Sum', at, 26);
  now = START + 2 * MINUTE;
  const [window] = await source(probes).windows(query());
  expect(window?.fresh).toMatchObject({ requests: 20, errors: 0 });
});

it('slow requests and quantiles come from percentile statistics in seconds', async () => {
  cloud.minute('green', START, 40, 40);
  cloud.set('green', 'TargetResponseTime', 'SampleCount', START, 40);
  cloud.set('green', 'TargetResponseTime', 'PR(:0.5)', START, 95);
  cloud.set('green', 'TargetResponseTime', 'p50', START, 0.02);
  cloud.set('green', 'TargetResponseTime', 'p95', START, 0.5);
  for (const at of [START, START + MINUTE]) cloud.set('balancer', 'RequestCount', 'Sum', at, 40);
  now = START + 2 * MINUTE;
  const [window] = await source().windows(query());
  expect(window?.fresh).toEqual({ requests: 40, errors: 0, slow: 2, p50: 20, p95: 500 });
});

it('CloudWatch is not asked before a window can be there, and once for many services', async () => {
  now = START + MINUTE + 59_000;
  expect(await source().windows(query())).toEqual([]);
  expect(cloud.asked).toEqual([]);
  cloud.set('balancer', 'RequestCount', 'Sum', START + MINUTE, 1);
  now = START + 2 * MINUTE;
  const services = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [
      `s${i}`,
      { fresh: group(`green-${i}`), stable: group(`blue-${i}`), slowerThanMs: 300 },
    ]),
  );
  expect(await source().windows(query({ services }))).toHaveLength(20);
  expect(cloud.asked.map((keys) => keys.length)).toEqual([2, 360]);
});

it('windows finer than a minute are refused, with what to set', async () => {
  await expect(source().windows(query({ widthMs: 10_000 }))).rejects.toThrow(
    /gate\.window: it has one count a minute \(got 10s; allowed: 60s/,
  );
  await expect(source().baseline({ auth: group('blue') }, 3_600_000, 10_000)).rejects.toThrow(/gate\.window/);
});

it('the baseline begins with the first count and takes quantiles as heavy as their requests', async () => {
  now = START + 20 * MINUTE;
  for (let i = 10; i < 17; i += 1) cloud.minute('blue', START + i * MINUTE, 100, 98, i === 12 ? 2 : 0);
  for (const [at, n, p95] of [
    [START - 40 * MINUTE, 100, 0.1],
    [START + 12 * MINUTE, 300, 0.3],
  ] as const) {
    cloud.set('blue', 'TargetResponseTime', 'SampleCount', at, n);
    cloud.set('blue', 'TargetResponseTime', 'p95', at, p95);
  }
  const baselines = await source().baseline({ auth: group('blue'), other: group('none') }, 3_600_000, MINUTE);
  expect(Object.keys(baselines)).toEqual(['auth']);
  expect(baselines['auth']).toEqual({
    requests: 700,
    errors: 2,
    seconds: 420,
    p50: undefined,
    p95: 250,
    p99: undefined,
    errorWindows: [0, 0, 2, 0, 0, 0, 0],
  });
});
