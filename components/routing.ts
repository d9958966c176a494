import * as pulumi from '@pulumi/pulumi';
import { ListenerRule } from '@pulumi/aws/lb/listenerRule.js';
import type { SlotName } from '../config/types.ts';
import { tagsOf, type Scope } from './names.ts';
import type { PlannedRule } from './routing.plan.ts';

export interface RoutingArgs {
  readonly scope: Scope;
  readonly listenerArn: pulumi.Input<string>;
  /** Planned rules; see routing.plan.ts. */
  readonly rules: readonly PlannedRule[];
  readonly targetGroupArn: (slot: SlotName, service: string) => pulumi.Input<string>;
  /** What must be up and verified before any traffic moves. */
  readonly after: readonly pulumi.Resource[];
}

/** One production rule per web service that has traffic: the only place that says who serves users. */
export class Routing extends pulumi.ComponentResource {
  readonly rules: Readonly<Record<string, ListenerRule>>;

  constructor(name: string, args: RoutingArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:Routing', name, {}, opts);
    const rules: Record<string, ListenerRule> = {};
    // Every rule waits for everything, without an edge from each rule to each service: the first waits for all
    // of it, and the others wait for the first.
    let gate: readonly pulumi.Resource[] = args.after;
    for (const rule of args.rules) {
      const made = this.declareRule(name, rule, args, gate);
      if (gate === args.after) gate = [made];
      rules[rule.service] = made;
    }
    this.rules = rules;
    this.registerOutputs({});
  }

  private declareRule(
    name: string,
    rule: PlannedRule,
    args: RoutingArgs,
    after: readonly pulumi.Resource[],
  ): ListenerRule {
    const targetGroups = rule.targets.map(({ slot, weight }) => ({
      arn: args.targetGroupArn(slot, rule.service),
      weight,
    }));
    return new ListenerRule(
      `${name}-${rule.service}`,
      {
        listenerArn: args.listenerArn,
        priority: rule.priority,
        // Stickiness would beat the weights: it stays off.
        actions: [
          { type: 'forward', forward: { targetGroups, stickiness: { enabled: false, duration: 1 } } },
        ],
        conditions: [{ pathPattern: { values: [...rule.paths] } }],
        tags: tagsOf(args.scope, { service: rule.service }),
      },
      { parent: this, dependsOn: [...after] },
    );
  }
}
