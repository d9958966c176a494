import type { Release } from '../../../config/release.types.ts';
import { equal, slotNames } from '../../../release/core/release.ts';
import { requireOutputs } from '../../../release/ports/outputs.ts';
import type { RoutingOutput, StackOutputs, UpdateResult } from '../../../release/ports/stack.ts';
import type { Rule } from '../../../release/ports/traffic.ts';
import { stage } from '../../infra/cloud.ts';
import { WRITTEN } from './app.ts';
import { Cloud, groupArn, ruleArn } from './cloud.ts';

/** Networks and load balancers that are there already: the fewer resources, the more kills in a second. */
const SMALL = {
  network: {
    kind: 'existing',
    vpcId: 'vpc-0a1b2c3d',
    publicSubnetIds: ['subnet-0a1b2c3d', 'subnet-0b1b2c3d'],
    privateSubnetIds: ['subnet-0c1b2c3d', 'subnet-0d1b2c3d'],
  },
  loadBalancer: {
    kind: 'existing',
    arn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shared/50dc6c495c0c9188',
    listenerArn:
      'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2',
    securityGroupId: 'sg-0a1b2c3d',
  },
};

/**
 * The world's cloud with the real program in it: every update is one of the embedded engine, with its state, its history, and
 * the program's own refusals. Rules and target groups keep the names that the world knows them by.
 */
export class ProgramCloud extends Cloud {
  readonly stage = stage('production', (app) => {
    delete app['smoke'];
    Object.assign(app, WRITTEN, SMALL);
  });

  protected override async apply(
    wanted: Release | undefined,
    signal: AbortSignal | undefined,
  ): Promise<UpdateResult> {
    const last = this.outputs?.release;
    this.updates += 1;
    await this.clock.sleep(2000, signal);
    if (wanted !== undefined) await this.commands(wanted, last);
    await this.stage.up(wanted);
    const real = requireOutputs(await this.stage.engine().outputs());
    const { release } = real;
    this.outputs = { ...real, routing: renamed(real.routing) };
    if (release !== undefined) {
      // What a plain update brings in has its own health check.
      if (wanted === undefined) this.passed.add(release.deployment);
      for (const name of slotNames(release)) this.running.set(name, release.slots[name]);
      this.follow('update');
      for (const name of ['blue', 'green'] as const)
        if (release.slots[name] === undefined) this.running.delete(name);
      if (!equal(last, release)) this.history.push(release);
      await this.record.put(`releases/production/${release.serial}.json`, JSON.stringify(release));
    }
    await this.clock.sleep(this.slowEnd, signal);
    return { outputs: this.outputs, changes: { update: 1 }, durationMs: 3000 };
  }

  /** Direct calls change the rule that the program's updates read and write. */
  override write(rules: readonly Rule[], by = 'direct'): void {
    for (const { arn, weights } of rules) {
      const service = arn.replace('arn:rule/', '');
      const rule = this.stage.cloud.named(`routing-${service}`);
      if (rule === undefined) throw new Error(`no rule of ${service}`);
      const targetGroups = Object.entries(weights).map(([group, weight]) => {
        const slot = group.endsWith('/blue') ? 'blue' : 'green';
        return { arn: this.stage.cloud.named(`${slot}-${service}-targets`)?.props['arn'], weight };
      });
      rule.props = { ...rule.props, actions: [{ type: 'forward', forward: { targetGroups } }] };
    }
    this.follow(by);
  }

  /** Takes the weights over from the rules as they are. */
  private follow(by: string): void {
    const traffic = this.stage.cloud.traffic();
    for (const [service, shares] of Object.entries(traffic)) {
      const weights = Object.fromEntries(
        Object.entries(shares).map(([slot, share]) => [groupArn(service, slot as 'blue' | 'green'), share]),
      );
      this.setRule(service, weights, by);
    }
    for (const arn of this.rules.keys())
      if (traffic[arn.replace('arn:rule/', '')] === undefined) this.rules.delete(arn);
  }
}

const renamed = (routing: RoutingOutput): StackOutputs['routing'] => ({
  ...routing,
  previewHeader: 'x-preview',
  services: Object.fromEntries(
    Object.entries(routing.services).map(([name, { rule, targetGroups }]) => [
      name,
      {
        ...(rule === undefined ? {} : { rule: ruleArn(name) }),
        targetGroups: {
          ...(targetGroups.blue === undefined ? {} : { blue: groupArn(name, 'blue') }),
          ...(targetGroups.green === undefined ? {} : { green: groupArn(name, 'green') }),
        },
      },
    ]),
  ),
});
