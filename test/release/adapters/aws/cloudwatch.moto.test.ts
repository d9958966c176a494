import { PutMetricDataCommand, type Dimension, type MetricDatum } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll } from 'vitest';
import { cloudWatchClient } from '../../../../release/adapters/aws/metric-data.ts';
import { cloudWatchMetrics } from '../../../../release/adapters/aws/metrics.ts';
import { metricsContract, type Served } from '../../../support/contracts/metrics.ts';
import { startMoto, type Moto } from '../../../support/moto.ts';

const MINUTE = 60_000;
const ARN = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012';
const LISTENER = `${ARN}:listener/app/azora/50dc6c495c0c9188/f2f7dc8efc522ab2`;
const group = (name: string): string => `${ARN}:targetgroup/${name}/73e2d6bc24d8a067`;
const LOAD_BALANCER: Dimension = { Name: 'LoadBalancer', Value: 'app/azora/50dc6c495c0c9188' };
const of = (name: string): Dimension[] => [
  { Name: 'TargetGroup', Value: `targetgroup/${name}/73e2d6bc24d8a067` },
  LOAD_BALANCER,
];

let moto: Moto;
beforeAll(async () => {
  moto = await startMoto();
});
afterAll(() => moto.stop());

metricsContract('CloudWatch (moto)', () => {
  const client = cloudWatchClient(moto.settings);
  const from = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
  // As a load balancer publishes it: half of the errors are the target's own, half are the balancer's 502.
  const data = (name: string, { requests, errors }: Served, at: number): MetricDatum[] => {
    const own = Math.floor(errors / 2);
    const counts = {
      RequestCount: requests,
      HTTPCode_Target_2XX_Count: requests - errors,
      HTTPCode_Target_5XX_Count: own,
    };
    return Object.entries(counts)
      .filter(([, value]) => value > 0)
      .map(([MetricName, Value]) => ({
        MetricName,
        Value,
        Unit: 'Count',
        Timestamp: new Date(at),
        Dimensions: of(name),
      }));
  };
  const balancer = (MetricName: string, Value: number, at: number): MetricDatum => ({
    MetricName,
    Value,
    Unit: 'Count',
    Timestamp: new Date(at),
    Dimensions: [LOAD_BALANCER],
  });
  return Promise.resolve({
    source: cloudWatchMetrics({ client, loadBalancer: LISTENER, clock: { now: () => from + 5 * MINUTE } }),
    widthMs: MINUTE,
    fresh: group('green'),
    stable: group('blue'),
    unknown: group('other'),
    serve: async (fresh, stable) => {
      const at = from + MINUTE + 20_000;
      await client.send(
        new PutMetricDataCommand({
          Namespace: 'AWS/ApplicationELB',
          MetricData: [
            ...data('green', fresh, at),
            ...data('blue', stable, at),
            balancer('HTTPCode_ELB_5XX_Count', fresh.errors + stable.errors, at),
            balancer('RequestCount', fresh.requests + stable.requests, at),
            balancer('RequestCount', 3, at + MINUTE),
            balancer('RequestCount', 3, at + 2 * MINUTE),
          ],
        }),
      );
      return { from, to: from + 3 * MINUTE };
    },
    close: () => Promise.resolve(),
  });
});
