import { getListenerRule } from '@pulumi/aws/lb/getListenerRule.js';
import { reasonOf } from '../../../components/reasons.ts';
import type { SlotName } from '../../../config/types.ts';
import { refused } from '../../../lib/errors.ts';
import type { Shares } from '../../../release/core/release.ts';
import type { RoutingOutput } from '../../../release/ports/stack.ts';

const NAMES: readonly SlotName[] = ['blue', 'green'];

type Services = RoutingOutput['services'];

const readRule = async (
  stack: string,
  service: string,
  rule: string,
  groups: Services[string]['targetGroups'],
) => {
  const hint = `sluice reconcile --stack ${stack}`;
  const live = await getListenerRule({ arn: rule }).catch((error: unknown) => {
    throw refused(`the live weights of ${service} cannot be read: ${reasonOf(error)}`, hint);
  });
  const weights = (live.actions ?? []).flatMap((a) => a.forwards ?? []).flatMap((f) => f.targetGroups ?? []);
  const total = weights.reduce((sum, w) => sum + w.weight, 0);
  const shares: Partial<Record<SlotName, number>> = {};
  for (const { arn, weight } of weights) {
    const slot = NAMES.find((s) => groups[s] === arn);
    if (weight <= 0) continue;
    if (slot === undefined)
      throw refused(`${service} is served by a target group of no slot of stack ${stack}: ${arn}`, hint);
    // In percent, whatever scale they were set in: 19 to 1 is 95 to 5.
    shares[slot] = (100 * weight) / total;
  }
  return shares;
};

/** Shares per service as the load balancer has them now, for every rule that the last update left. */
export const readLiveWeights = async (stack: string, services: Services): Promise<Record<string, Shares>> => {
  const ruled = Object.entries(services).filter(([, s]) => s.rule !== undefined);
  const shares = await Promise.all(
    ruled.map(([name, s]) => readRule(stack, name, s.rule ?? '', s.targetGroups)),
  );
  return Object.fromEntries(ruled.map(([name], i) => [name, shares[i] ?? {}]));
};
