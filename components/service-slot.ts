import * as pulumi from '@pulumi/pulumi';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { Service } from '@pulumi/aws/ecs/service.js';
import { TaskDefinition } from '@pulumi/aws/ecs/taskDefinition.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { ListenerRule } from '@pulumi/aws/lb/listenerRule.js';
import { TargetGroup } from '@pulumi/aws/lb/targetGroup.js';
import { SecurityGroupIngressRule } from '@pulumi/aws/vpc/securityGroupIngressRule.js';
import type { FrozenService } from '../config/release.types.ts';
import type { HealthSettings, SlotName } from '../config/types.ts';
import { tagsOf, type Scope, type Tags } from './names.ts';
import type { Network } from './network.ts';
import { assumedByTasks, executionPolicy } from './policies.ts';
import { CONTAINER, planServiceSlot, PORT_NAME, type ServiceSlotPlan } from './service-slot.plan.ts';
import type { Slot } from './slot.ts';

/** Header of a probe that reaches a slot without traffic; its value is the slot's token. */
export const PREVIEW_HEADER = 'X-Sluice-Preview';

export interface ServiceSlotArgs {
  readonly scope: Scope;
  readonly slot: SlotName;
  readonly service: string;
  readonly version: string;
  readonly deployment: string;
  /** The slot's own frozen definition. */
  readonly definition: FrozenService;
  readonly health: HealthSettings;
  /** Longest time until all tasks are steady, ms. */
  readonly deployTimeout: number;
  /** Whether workers of this slot run. Web services always do. */
  readonly workersRun: boolean;
  readonly region: string;
  readonly network: Network;
  readonly clusterArn: pulumi.Input<string>;
  readonly balancer: {
    readonly listenerArn: pulumi.Input<string>;
    readonly securityGroupId: pulumi.Input<string>;
  };
  readonly shared: Slot;
  readonly logGroup: { readonly name: string; readonly arn: pulumi.Input<string> };
  readonly preview: { readonly token: pulumi.Input<string>; readonly priority: number };
  /** ARN of the policy that bounds both roles; undefined: none. */
  readonly permissionsBoundary?: string | undefined;
  /** What must be done before tasks start: the migration. */
  readonly after: readonly pulumi.Resource[];
}

const REGISTRATION_DELAY_SECONDS = 30;

/** One service of one slot. Whatever its release is, nothing here changes while it lives. */
export class ServiceSlot extends pulumi.ComponentResource {
  readonly service: Service;
  /** Undefined for workers. */
  readonly targetGroup: TargetGroup | undefined;
  readonly previewRule: ListenerRule | undefined;
  /** What a task that is started beside the service shares with it. */
  readonly place: {
    readonly definitionArn: pulumi.Output<string>;
    readonly groupIds: pulumi.Output<string[]>;
  };

  constructor(name: string, args: ServiceSlotArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:ServiceSlot', name, {}, opts);
    const { scope, slot, service, version } = args;
    const plan = planServiceSlot({
      ...args,
      networkIdentity: args.network.identity,
      logGroup: args.logGroup.name,
    });
    const tags = tagsOf(scope, { slot, service, version });
    const task = this.declareTask(name, plan, args, tags);
    const group = this.declareGroup(name, plan, args, tags);
    this.targetGroup = this.declareTargetGroup(name, plan, args, tags);
    this.previewRule = this.declarePreviewRule(name, args, tags);
    this.service = this.declareService(name, plan, args, tags, task, group);
    this.place = {
      definitionArn: task.definition.arn,
      groupIds: pulumi.all([group.id, args.shared.peersGroupId]),
    };
    this.registerOutputs({ serviceArn: this.service.id });
  }

  private declareTask(
    name: string,
    plan: ServiceSlotPlan,
    args: ServiceSlotArgs,
    tags: Tags,
  ): { readonly definition: TaskDefinition; readonly policy: RolePolicy } {
    const child = { parent: this };
    const { permissionsBoundary } = args;
    const bound = permissionsBoundary === undefined ? {} : { permissionsBoundary };
    const role = (kind: 'execution' | 'task', roleName: string) =>
      new Role(
        `${name}-${kind}`,
        { name: roleName, assumeRolePolicy: assumedByTasks, tags, ...bound },
        child,
      );
    const execution = role('execution', plan.names.executionRole);
    // The application itself may do nothing in AWS until it is granted something.
    const taskRole = role('task', plan.names.taskRole);
    const policy = new RolePolicy(
      `${name}-execution-policy`,
      {
        role: execution.name,
        policy: pulumi
          .output(args.logGroup.arn)
          .apply((logGroupArn) => executionPolicy({ ...plan, logGroupArn })),
      },
      child,
    );
    const definition = new TaskDefinition(
      `${name}-task-definition`,
      {
        family: plan.names.family,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: String(args.definition.cpu),
        memory: String(args.definition.memory),
        executionRoleArn: execution.arn,
        taskRoleArn: taskRole.arn,
        containerDefinitions: plan.containers,
        volumes: [{ name: 'tmp' }],
        tags,
      },
      child,
    );
    return { definition, policy };
  }

  private declareGroup(
    name: string,
    plan: ServiceSlotPlan,
    args: ServiceSlotArgs,
    tags: Tags,
  ): SecurityGroup {
    const group = new SecurityGroup(
      `${name}-group`,
      {
        name: plan.names.securityGroup,
        description: 'Who may call the service: the load balancer and its own slot',
        vpcId: args.network.vpcId,
        tags,
      },
      { parent: this },
    );
    if (args.definition.kind !== 'web') return group;
    const callers = { balancer: args.balancer.securityGroupId, peers: args.shared.peersGroupId };
    for (const [role, referencedSecurityGroupId] of Object.entries(callers))
      new SecurityGroupIngressRule(
        `${name}-from-${role}`,
        {
          securityGroupId: group.id,
          referencedSecurityGroupId,
          ipProtocol: 'tcp',
          fromPort: args.definition.port,
          toPort: args.definition.port,
          tags,
        },
        { parent: this },
      );
    return group;
  }

  private declareTargetGroup(
    name: string,
    plan: ServiceSlotPlan,
    args: ServiceSlotArgs,
    tags: Tags,
  ): TargetGroup | undefined {
    const check = plan.healthCheck;
    if (check === undefined) return undefined;
    return new TargetGroup(
      `${name}-target-group`,
      {
        name: plan.names.targetGroup,
        targetType: 'ip',
        protocol: 'HTTP',
        port: args.definition.port,
        vpcId: args.network.vpcId,
        deregistrationDelay: REGISTRATION_DELAY_SECONDS,
        stickiness: { enabled: false, type: 'lb_cookie' },
        healthCheck: {
          path: check.path,
          protocol: 'HTTP',
          port: 'traffic-port',
          interval: check.interval,
          timeout: check.timeout,
          healthyThreshold: 2,
          unhealthyThreshold: check.failures,
          matcher: '200',
        },
        tags,
      },
      { parent: this },
    );
  }

  /** Keeps the target group attached for good, and lets probes reach the slot without traffic. */
  private declarePreviewRule(name: string, args: ServiceSlotArgs, tags: Tags): ListenerRule | undefined {
    if (this.targetGroup === undefined) return undefined;
    const targetGroups = [{ arn: this.targetGroup.arn, weight: 100 }];
    return new ListenerRule(
      `${name}-preview`,
      {
        listenerArn: args.balancer.listenerArn,
        priority: args.preview.priority,
        actions: [
          { type: 'forward', forward: { targetGroups, stickiness: { enabled: false, duration: 1 } } },
        ],
        conditions: [
          { httpHeader: { httpHeaderName: PREVIEW_HEADER, values: [args.preview.token] } },
          { pathPattern: { values: [...args.definition.paths] } },
        ],
        tags,
      },
      { parent: this },
    );
  }

  private declareService(
    name: string,
    plan: ServiceSlotPlan,
    args: ServiceSlotArgs,
    tags: Tags,
    task: { readonly definition: TaskDefinition; readonly policy: RolePolicy },
    group: SecurityGroup,
  ): Service {
    const { network, shared, definition } = args;
    const web =
      this.targetGroup === undefined
        ? {}
        : {
            loadBalancers: [
              {
                targetGroupArn: this.targetGroup.arn,
                containerName: CONTAINER,
                containerPort: definition.port,
              },
            ],
            healthCheckGracePeriodSeconds: plan.grace,
          };
    const offers =
      definition.kind === 'web'
        ? {
            services: [
              {
                portName: PORT_NAME,
                discoveryName: args.service,
                clientAlias: [{ port: definition.port, dnsName: args.service }],
              },
            ],
          }
        : {};
    return new Service(
      `${name}-service`,
      {
        name: plan.names.service,
        cluster: args.clusterArn,
        taskDefinition: task.definition.arn,
        launchType: 'FARGATE',
        desiredCount: plan.replicas,
        deploymentMinimumHealthyPercent: 100,
        deploymentMaximumPercent: 200,
        // No return to the old tasks: in a slot without traffic that would look like success.
        deploymentCircuitBreaker: { enable: true, rollback: false },
        waitForSteadyState: true,
        networkConfiguration: {
          subnets: network.taskSubnetIds,
          securityGroups: [group.id, shared.peersGroupId],
          assignPublicIp: network.taskPublicIp,
        },
        serviceConnectConfiguration: { enabled: true, namespace: shared.namespaceArn, ...offers },
        propagateTags: 'SERVICE',
        enableEcsManagedTags: true,
        tags,
        ...web,
      },
      {
        parent: this,
        // The target group must hang on the listener before tasks register, and the role must be able to pull.
        dependsOn: [
          task.policy,
          ...(this.previewRule === undefined ? [] : [this.previewRule]),
          ...args.after,
        ],
        customTimeouts: timeouts(args.deployTimeout),
      },
    );
  }
}

const timeouts = (ms: number): pulumi.CustomTimeouts => {
  const limit = `${Math.ceil(ms / 1000)}s`;
  return { create: limit, update: limit };
};
