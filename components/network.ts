import * as pulumi from '@pulumi/pulumi';
import { Eip } from '@pulumi/aws/ec2/eip.js';
import { InternetGateway } from '@pulumi/aws/ec2/internetGateway.js';
import { NatGateway } from '@pulumi/aws/ec2/natGateway.js';
import { Route } from '@pulumi/aws/ec2/route.js';
import { RouteTable } from '@pulumi/aws/ec2/routeTable.js';
import { RouteTableAssociation } from '@pulumi/aws/ec2/routeTableAssociation.js';
import { Subnet } from '@pulumi/aws/ec2/subnet.js';
import { Vpc } from '@pulumi/aws/ec2/vpc.js';
import { getAvailabilityZonesOutput } from '@pulumi/aws/getAvailabilityZones.js';
import type { Network as NetworkSettings } from '../config/types.ts';
import { tagsOf, type Scope } from './names.ts';
import { planNetwork, type NetworkPlan } from './network.plan.ts';

export interface NetworkArgs {
  readonly scope: Scope;
  readonly settings: NetworkSettings;
}

const ANYWHERE = '0.0.0.0/0';

/** A network over several zones, or an existing one: then it has no children and passes the ids on. */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string[]>;
  readonly privateSubnetIds: pulumi.Output<string[]>;
  /** Where tasks run: private subnets when something leads out of them, otherwise public ones with own addresses. */
  readonly taskSubnetIds: pulumi.Output<string[]>;
  readonly taskPublicIp: boolean;
  /** Changes when the network is another one: part of names that may not meet during a replacement. */
  readonly identity: string;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:Network', name, {}, opts);
    const { settings } = args;
    if (settings.kind === 'existing') {
      this.vpcId = pulumi.output(settings.vpcId);
      this.publicSubnetIds = pulumi.output([...settings.publicSubnetIds]);
      this.privateSubnetIds = pulumi.output([...settings.privateSubnetIds]);
      this.taskPublicIp = settings.privateSubnetIds.length === 0;
      this.identity = settings.vpcId;
    } else {
      const made = this.declareNew(name, args.scope, planNetwork(settings));
      this.vpcId = made.vpc.id;
      this.publicSubnetIds = pulumi.all(made.public.map((s) => s.id));
      this.privateSubnetIds = pulumi.all(made.private.map((s) => s.id));
      this.taskPublicIp = settings.natGateways === 'none';
      this.identity = settings.cidr;
    }
    this.taskSubnetIds = this.taskPublicIp ? this.publicSubnetIds : this.privateSubnetIds;
    this.registerOutputs({ vpcId: this.vpcId });
  }

  private declareNew(
    name: string,
    scope: Scope,
    plan: NetworkPlan,
  ): { vpc: Vpc; public: Subnet[]; private: Subnet[] } {
    const child = { parent: this };
    const tags = (role: string) => ({
      ...tagsOf(scope),
      Name: `${scope.application}-${scope.environment}-${role}`,
    });
    const vpc = new Vpc(
      `${name}-vpc`,
      { cidrBlock: plan.cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: tags('vpc') },
      child,
    );
    const gateway = new InternetGateway(`${name}-gateway`, { vpcId: vpc.id, tags: tags('gateway') }, child);
    // Only zones that every account has: a new opt-in zone would change the order of the list.
    const zones = getAvailabilityZonesOutput(
      { state: 'available', filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }] },
      child,
    ).names;
    const subnets = new Map<string, Subnet>();
    for (const planned of plan.subnets) {
      const role = `${planned.kind}-${planned.zone}`;
      const zone = zones.apply((names) => names[planned.zone % Math.max(names.length, 1)] ?? '');
      const subnet = new Subnet(
        `${name}-${role}`,
        {
          vpcId: vpc.id,
          cidrBlock: planned.cidr,
          availabilityZone: zone,
          mapPublicIpOnLaunch: false,
          tags: tags(role),
        },
        child,
      );
      subnets.set(role, subnet);
    }
    const of = (kind: 'public' | 'private') =>
      [...subnets].filter(([role]) => role.startsWith(kind)).map(([, subnet]) => subnet);
    this.declareRoutes(name, plan, { vpc, gateway, subnets, tags });
    return { vpc, public: of('public'), private: of('private') };
  }

  private declareRoutes(
    name: string,
    plan: NetworkPlan,
    made: {
      readonly vpc: Vpc;
      readonly gateway: InternetGateway;
      readonly subnets: ReadonlyMap<string, Subnet>;
      readonly tags: (role: string) => Record<string, string>;
    },
  ): void {
    const child = { parent: this };
    const nats = new Map<number, NatGateway>();
    for (const zone of plan.nats) {
      const role = `nat-${zone}`;
      const address = new Eip(`${name}-${role}-address`, { domain: 'vpc', tags: made.tags(role) }, child);
      const subnet = made.subnets.get(`public-${zone}`);
      if (subnet === undefined) throw new Error(`no public subnet in zone ${zone}`);
      nats.set(
        zone,
        new NatGateway(
          `${name}-${role}`,
          { allocationId: address.id, subnetId: subnet.id, tags: made.tags(role) },
          pulumi.mergeOptions(child, { dependsOn: [made.gateway] }),
        ),
      );
    }
    for (const planned of plan.routeTables) {
      const role = `${planned.role}-routes`;
      const table = new RouteTable(`${name}-${role}`, { vpcId: made.vpc.id, tags: made.tags(role) }, child);
      const nat = planned.nat === undefined ? undefined : nats.get(planned.nat);
      const way =
        planned.kind === 'public'
          ? { gatewayId: made.gateway.id }
          : nat === undefined
            ? undefined
            : { natGatewayId: nat.id };
      if (way !== undefined)
        new Route(
          `${name}-${role}-out`,
          { routeTableId: table.id, destinationCidrBlock: ANYWHERE, ...way },
          child,
        );
      for (const zone of planned.zones) {
        const subnet = made.subnets.get(`${planned.kind}-${zone}`);
        if (subnet === undefined) continue;
        new RouteTableAssociation(
          `${name}-${planned.kind}-${zone}-routes`,
          { routeTableId: table.id, subnetId: subnet.id },
          child,
        );
      }
    }
  }
}
