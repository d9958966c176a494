import { toShares } from '../../core/engine/weights.ts';
import type { LiveShares } from '../../core/engine/types.ts';
import type { RoutingOutput } from '../../ports/stack.ts';
import type { Traffic } from '../../ports/traffic.ts';

/** Shares per service as the load balancer has them now; services without a production rule are absent. */
export const readLive = async (traffic: Traffic, routing: RoutingOutput | undefined): Promise<LiveShares> => {
  const services = Object.entries(routing?.services ?? {}).flatMap(([service, known]) =>
    known.rule === undefined ? [] : [{ service, rule: known.rule, groups: known.targetGroups }],
  );
  if (services.length === 0) return {};
  const rules = await traffic.read(services.map((s) => s.rule));
  const byArn = new Map(rules.map((r) => [r.arn, r.weights]));
  return Object.fromEntries(
    services.flatMap(({ service, rule, groups }) => {
      const shares = toShares(byArn.get(rule) ?? {}, groups);
      return Object.keys(shares).length === 0 ? [] : [[service, shares]];
    }),
  );
};
