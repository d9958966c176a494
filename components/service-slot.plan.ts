import { FARGATE, fargateCpus, fargateMemories } from '../config/app/limits.ts';
import type { FrozenService } from '../config/release.types.ts';
import type { HealthSettings, SlotName } from '../config/types.ts';
import { badInput } from '../lib/errors.ts';
import { cloudName, identifiedName, LIMITS, type Scope } from './names.ts';

export interface ServiceSlotPlanArgs {
  readonly scope: Scope;
  readonly slot: SlotName;
  readonly service: string;
  readonly version: string;
  readonly deployment: string;
  readonly definition: FrozenService;
  readonly health: Pick<HealthSettings, 'steadyInterval' | 'timeout' | 'startDelay' | 'failures'>;
  /** Name of the network: part of the names of what is replaced with it. */
  readonly networkIdentity: string;
  readonly logGroup: string;
  readonly region: string;
  /** Whether workers of this slot run. Web services always do. */
  readonly workersRun: boolean;
}

export interface ServiceSlotPlan {
  readonly names: {
    readonly family: string;
    readonly service: string;
    readonly executionRole: string;
    readonly taskRole: string;
    readonly securityGroup: string;
    readonly targetGroup: string;
  };
  /** JSON for `containerDefinitions`: nothing in it is unknown or secret, so a preview shows what changes. */
  readonly containers: string;
  readonly replicas: number;
  /** Seconds; undefined for workers. */
  readonly healthCheck:
    | {
        readonly path: string;
        readonly interval: number;
        readonly timeout: number;
        readonly failures: number;
      }
    | undefined;
  /** Seconds before the load balancer's verdict counts. */
  readonly grace: number;
  readonly secretArns: readonly string[];
  /** ARN of the ECR repository; undefined where the image lives elsewhere. */
  readonly ecrRepository: string | undefined;
}

/** Container and port have one name: the service's tasks hold one container. */
export const CONTAINER = 'app';
export const PORT_NAME = 'http';

const refuseBadSize = (service: string, { cpu, memory }: FrozenService): void => {
  if (FARGATE.get(cpu)?.includes(memory)) return;
  throw badInput('the service cannot run on Fargate', [
    {
      path: `services.${service}`,
      reason: 'no size that Fargate has',
      got: `cpu ${cpu}, memory ${memory} MiB`,
      allowed: FARGATE.has(cpu) ? fargateMemories(cpu) : fargateCpus(),
    },
  ]);
};

const ecrRepository = (image: string): string | undefined => {
  const match = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?\/([^@:]+)/.exec(image);
  if (match === null) return undefined;
  const [, account, region, china, repository] = match;
  return `arn:aws${china === undefined ? '' : '-cn'}:ecr:${region}:${account}:repository/${repository}`;
};

const sorted = (record: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(record)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));

const containers = (args: ServiceSlotPlanArgs): string => {
  const { definition } = args;
  const environment = {
    ...(definition.kind === 'web' ? { PORT: String(definition.port) } : {}),
    ...definition.environment,
    SLUICE_SERVICE: args.service,
    SLUICE_VERSION: args.version,
    SLUICE_SLOT: args.slot,
    SLUICE_DEPLOYMENT: args.deployment,
  };
  return JSON.stringify([
    {
      name: CONTAINER,
      image: definition.image,
      essential: true,
      ...(definition.command === undefined ? {} : { command: definition.command }),
      ...(definition.kind === 'web'
        ? { portMappings: [{ name: PORT_NAME, containerPort: definition.port, protocol: 'tcp' }] }
        : {}),
      environment: sorted(environment),
      // `arn:json key:stage:version`: this very version, also after the secret was rotated.
      secrets: Object.entries(definition.secrets)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { arn, version }]) => ({ name, valueFrom: `${arn}:::${version}` })),
      readonlyRootFilesystem: true,
      mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false }],
      linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': args.logGroup,
          'awslogs-region': args.region,
          'awslogs-stream-prefix': `${args.slot}-${args.deployment}`,
        },
      },
    },
  ]);
};

const seconds = (ms: number): number => Math.ceil(ms / 1000);
const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * What one service of one slot consists of. Health is checked by the load balancer, not inside the container:
 * many images have neither curl nor wget, and a check that cannot run would kill healthy tasks.
 */
export const planServiceSlot = (args: ServiceSlotPlanArgs): ServiceSlotPlan => {
  const { scope, slot, service, definition, health } = args;
  refuseBadSize(service, definition);
  const parts = [scope.application, scope.environment, slot, service];
  const web = definition.kind === 'web';
  const interval = within(seconds(health.steadyInterval), 5, 300);
  return {
    names: {
      family: cloudName(LIMITS.family, ...parts),
      service: cloudName(LIMITS.family, slot, service),
      executionRole: cloudName(LIMITS.role, ...parts, 'execution'),
      taskRole: cloudName(LIMITS.role, ...parts, 'task'),
      securityGroup: identifiedName(LIMITS.securityGroup, args.networkIdentity, ...parts),
      targetGroup: identifiedName(LIMITS.targetGroup, `${args.networkIdentity} ${definition.port}`, ...parts),
    },
    containers: containers(args),
    replicas: web || args.workersRun ? definition.replicas : 0,
    healthCheck: web
      ? {
          path: definition.health.path,
          interval,
          timeout: within(seconds(health.timeout), 2, interval - 1),
          failures: within(health.failures, 2, 10),
        }
      : undefined,
    grace: seconds(health.startDelay),
    secretArns: [...new Set(Object.values(definition.secrets).map((s) => s.arn))].sort(),
    ecrRepository: ecrRepository(definition.image),
  };
};
