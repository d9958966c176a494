import { LIMITS } from '../config/app/limits.ts';
import type { FrozenService } from '../config/release.types.ts';
import type { SlotName } from '../config/types.ts';
import { refused, badInput, type Problem } from '../lib/errors.ts';
import { planPositions, priorityOf, type Positions, type Routed } from './priorities.plan.ts';

/** Services of each slot that exists. */
export type SlotServices = { readonly [S in SlotName]?: Readonly<Record<string, FrozenService>> };

export interface RoutingPlanArgs {
  readonly slots: SlotServices;
  /** What each production rule must say: service → share per slot; no entry: no rule. */
  readonly shares: Readonly<Record<string, Partial<Record<SlotName, number>>>>;
  /** Positions of the last update. */
  readonly remembered: Positions;
  /** Whether users are sent to the maintenance page, which is a rule too. */
  readonly closed: boolean;
  /** Rules that the listener may have. */
  readonly maxRules: number;
}

export interface PlannedRule {
  readonly service: string;
  readonly priority: number;
  readonly paths: readonly string[];
  readonly targets: readonly { readonly slot: SlotName; readonly weight: number }[];
}

export interface RoutingPlan {
  /** Kept in the stack's outputs, for the next update. */
  readonly positions: Positions;
  /** Production rules, most specific first. */
  readonly rules: readonly PlannedRule[];
  /** Priority of a service's preview rule in a slot. */
  readonly previewPriority: (slot: SlotName, service: string) => number;
}

/** A rule may have five condition values; the preview rule needs one for its header. */
const MAX_PATHS = 4;
const NAMES: readonly SlotName[] = ['blue', 'green'];

/** While both slots are there a service answers on the paths of both: none becomes unreachable half-way. */
const routedServices = (slots: SlotServices): Routed[] => {
  const routed = new Map<string, Routed>();
  for (const slot of NAMES)
    for (const [name, service] of Object.entries(slots[slot] ?? {})) {
      if (service.kind !== 'web') continue;
      const known = routed.get(name);
      routed.set(name, {
        name,
        paths: [...new Set([...(known?.paths ?? []), ...service.paths])].sort(),
        priority: service.priority ?? known?.priority,
      });
    }
  return [...routed.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** Weights are whole numbers up to 999: shares with a fraction are given in tenths of a percent. */
const weightsOf = (shares: Partial<Record<SlotName, number>>): PlannedRule['targets'] => {
  const served = NAMES.filter((slot) => (shares[slot] ?? 0) > 0);
  const scale = served.every((slot) => Number.isInteger(shares[slot])) ? 1 : 10;
  return served.map((slot) => ({ slot, weight: Math.max(1, Math.round((shares[slot] ?? 0) * scale)) }));
};

export const planRouting = ({
  slots,
  shares,
  remembered,
  closed,
  maxRules,
}: RoutingPlanArgs): RoutingPlan => {
  const routed = routedServices(slots);
  refuseManyPaths(routed);
  const previews = NAMES.flatMap((s) => Object.values(slots[s] ?? {})).filter((s) => s.kind === 'web').length;
  const pages = closed ? LIMITS.rulesBeside : 0;
  refuseManyRules(previews + Object.keys(shares).length + pages, maxRules);
  const positions = planPositions(routed, remembered);
  const rules = routed.flatMap(({ name, paths }): PlannedRule[] => {
    const targets = weightsOf(shares[name] ?? {});
    if (targets.length === 0) return [];
    return [{ service: name, priority: priorityOf('production', positions[name] ?? 0), paths, targets }];
  });
  return {
    positions,
    rules: rules.sort((a, b) => a.priority - b.priority),
    previewPriority: (slot, service) => priorityOf(slot, positions[service] ?? 0),
  };
};

/**
 * Rules that a release needs while both slots are up: two previews and one production rule a service, and one for the
 * maintenance page.
 */
export const rulesForRelease = (webServices: number): number =>
  LIMITS.rulesPerService * webServices + LIMITS.rulesBeside;

export const refuseManyRules = (needed: number, maxRules: number): void => {
  if (needed <= maxRules) return;
  throw refused(
    `the listener would have ${needed} rules, and may have ${maxRules}: a release needs three rules per web service, and the maintenance page one`,
    'raise the quota "Rules per Application Load Balancer" and then loadBalancer.maxRules, or divide the services over several stacks',
  );
};

const refuseManyPaths = (routed: readonly Routed[]): void => {
  const problems: Problem[] = routed
    .filter((s) => s.paths.length > MAX_PATHS)
    .map((s) => ({
      path: `services.${s.name}.paths`,
      reason: 'too many for one listener rule',
      got: s.paths.join(' '),
      allowed: `${MAX_PATHS} patterns, those of the live slot included`,
    }));
  if (problems.length > 0) throw badInput('the listener rules cannot be planned', problems);
};
