import {
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Prober } from '../../ports/prober.ts';
import { httpProber } from '../http-prober.ts';
import type { ProbeTally } from '../probe-tally.ts';
import { askingFor } from './asking.ts';
import type { ServiceWatch } from './services.ts';

export const ACTIONS = ['elasticloadbalancing:DescribeTargetHealth'] as const;

const ask = askingFor(ACTIONS);

/** Looks come every few seconds: a later one is better than a late one. */
const A_LOOK_MS = 8_000;

export interface AwsProberOptions {
  readonly elb: ElasticLoadBalancingV2Client;
  /** How the scheduler sees the services; undefined where they do not run on ECS. */
  readonly services?: ServiceWatch;
  /** Told of every probe, for a metric source that counts them as requests. */
  readonly tally?: ProbeTally;
}

/** Targets that leave are no part of what is wanted. */
const LEAVING = new Set(['draining', 'unused', 'unhealthy.draining']);

/**
 * Probes over HTTP; health of targets from the load balancer, joined with what ECS wants: a task that is wanted and
 * is no target yet counts as not healthy, and while a service is not steady (a rollout inside it, tasks missing)
 * no more targets count as healthy than the scheduler has running.
 */
export const awsProber = ({ elb, services, tally }: AwsProberOptions): Prober => {
  const healthOf = async (group: string): Promise<{ healthy: number; total: number }> => {
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: group });
    const { TargetHealthDescriptions: seen = [] } = await ask(
      'elasticloadbalancing:DescribeTargetHealth',
      group,
      (o) => elb.send(command, o),
      { timeoutMs: A_LOOK_MS },
    );
    const states = seen.map((t) => t.TargetHealth?.State ?? 'initial');
    return {
      healthy: states.filter((s) => s === 'healthy').length,
      total: states.filter((s) => !LEAVING.has(s)).length,
    };
  };
  return httpProber(
    async (targetGroups) => {
      const groups = [...new Set(targetGroups)];
      const [health, scheduled] = await Promise.all([
        Promise.all(groups.map(healthOf)),
        services?.behind(groups) ?? Promise.resolve({}),
      ]);
      return Object.fromEntries(
        groups.map((group, i) => {
          const { healthy = 0, total = 0 } = health[i] ?? {};
          const service = (scheduled as Awaited<ReturnType<ServiceWatch['behind']>>)[group];
          if (service === undefined) return [group, { healthy, total }];
          const most = service.steady ? healthy : Math.min(healthy, service.running);
          return [group, { healthy: most, total: Math.max(total, service.wanted) }];
        }),
      );
    },
    (target, result) => tally?.note(target, result),
  );
};
