import * as pulumi from '@pulumi/pulumi';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { HttpNamespace } from '@pulumi/aws/servicediscovery/httpNamespace.js';
import { SecurityGroupEgressRule } from '@pulumi/aws/vpc/securityGroupEgressRule.js';
import type { SlotName } from '../config/types.ts';
import { cloudName, identifiedName, LIMITS, tagsOf, type Scope } from './names.ts';
import type { Network } from './network.ts';

export interface SlotArgs {
  readonly scope: Scope;
  readonly slot: SlotName;
  readonly network: Network;
}

/**
 * What the services of one slot share: a group that lets them, and only them, reach each other, and a namespace in
 * which a service's name means its tasks in this slot. So calls between services never leave their slot.
 */
export class Slot extends pulumi.ComponentResource {
  readonly peersGroupId: pulumi.Output<string>;
  readonly namespaceArn: pulumi.Output<string>;

  constructor(name: string, args: SlotArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:Slot', name, {}, opts);
    const { scope, slot, network } = args;
    const tags = tagsOf(scope, { slot });
    const peers = new SecurityGroup(
      `${name}-peers`,
      {
        name: identifiedName(
          LIMITS.securityGroup,
          network.identity,
          scope.application,
          scope.environment,
          slot,
          'peers',
        ),
        description: 'Services of one slot: marks who may call them, and lets them out',
        vpcId: network.vpcId,
        tags,
      },
      { parent: this },
    );
    new SecurityGroupEgressRule(
      `${name}-out`,
      { securityGroupId: peers.id, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0', tags },
      { parent: this },
    );
    const namespace = new HttpNamespace(
      `${name}-namespace`,
      { name: cloudName(LIMITS.family, scope.application, scope.environment, slot), tags },
      { parent: this },
    );
    this.peersGroupId = peers.id;
    this.namespaceArn = namespace.arn;
    this.registerOutputs({});
  }
}
