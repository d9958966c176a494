import * as pulumi from '@pulumi/pulumi';
import { ListenerRule } from '@pulumi/aws/lb/listenerRule.js';
import type { MaintenancePlan } from './maintenance.plan.ts';
import { tagsOf, type Scope } from './names.ts';

export interface MaintenanceArgs {
  readonly scope: Scope;
  readonly listenerArn: pulumi.Input<string>;
  readonly planned: MaintenancePlan;
}

/**
 * Users are told to come again (503), whatever they ask for; probes still reach the slots by their preview rules. The
 * rules that share traffic out stay as they are behind it.
 */
export class Maintenance extends pulumi.ComponentResource {
  readonly rule: ListenerRule;

  constructor(name: string, args: MaintenanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:Maintenance', name, {}, opts);
    const { host, page, priority } = args.planned;
    this.rule = new ListenerRule(
      `${name}-rule`,
      {
        listenerArn: args.listenerArn,
        priority,
        actions: [
          {
            type: 'fixed-response',
            fixedResponse: { contentType: 'text/html', messageBody: page, statusCode: '503' },
          },
        ],
        conditions: [
          host === undefined ? { pathPattern: { values: ['*'] } } : { hostHeader: { values: [host] } },
        ],
        tags: tagsOf(args.scope),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
