import type { CloudOptions } from '../../cloud/options.ts';
import type { ContainerDefinition } from '../../cloud/tasks/container.ts';
import type { Scheduler } from '../../cloud/tasks/scheduler.ts';
import type { Service, ServiceSpec } from '../../cloud/tasks/service.ts';
import { messageOf } from '../../../lib/errors.ts';
import { PartialFailure, type CheckFailure, type Props } from '../contract.ts';
import { iam, type Call, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { flag, number, object, objects, text } from '../values.ts';

/** Fargate's sizes: CPU units → smallest, largest, step of memory in MiB. */
const FARGATE: Readonly<Record<number, readonly number[] | readonly [number, number, number]>> = {
  256: [512, 1_024, 2_048],
  512: [1_024, 4_096, 1_024],
  1_024: [2_048, 8_192, 1_024],
  2_048: [4_096, 16_384, 1_024],
  4_096: [8_192, 30_720, 1_024],
  8_192: [16_384, 61_440, 4_096],
  16_384: [32_768, 122_880, 8_192],
};

const fits = (cpu: number, memory: number): boolean => {
  const sizes = FARGATE[cpu];
  if (sizes === undefined) return false;
  if (cpu === 256) return sizes.includes(memory);
  const [low = 0, high = 0, step = 1] = sizes;
  return memory >= low && memory <= high && (memory - low) % step === 0;
};

const sizeFailures = (inputs: Props): CheckFailure[] => {
  const [cpu, memory] = [number(inputs, 'cpu'), number(inputs, 'memory')];
  const fargate =
    Array.isArray(inputs['requiresCompatibilities']) && inputs['requiresCompatibilities'].includes('FARGATE');
  if (!fargate || cpu === undefined || memory === undefined || fits(cpu, memory)) return [];
  return [{ property: 'memory', reason: `no Fargate size has ${cpu} CPU units with ${memory} MiB` }];
};

const containersOf = (inputs: Props): ContainerDefinition[] | undefined => {
  const definitions = text(inputs, 'containerDefinitions');
  if (definitions === undefined) return undefined;
  const parsed = JSON.parse(definitions) as unknown;
  return Array.isArray(parsed) ? (parsed as ContainerDefinition[]) : undefined;
};

const definitionFailures = (inputs: Props): CheckFailure[] => {
  if (text(inputs, 'containerDefinitions') === undefined) return [];
  const wrong = (reason: string): CheckFailure[] => [{ property: 'containerDefinitions', reason }];
  try {
    const containers = containersOf(inputs);
    if (containers === undefined || containers.length === 0) return wrong('is no JSON list of containers');
    return containers.some((c) => typeof c.name !== 'string' || typeof c.image !== 'string')
      ? wrong('every container needs a name and an image')
      : [];
  } catch (error) {
    return wrong(`is no JSON: ${messageOf(error)}`);
  }
};

export const cluster = (ids: Identity): Handler => ({
  autoName: { property: 'name', max: 255 },
  replaces: ['name'],
  actions: iam(
    'ecs',
    'CreateCluster TagResource',
    'DescribeClusters',
    'UpdateCluster TagResource UntagResource',
    'DeleteCluster',
  ),
  create: (inputs) => {
    const arn = ids.arn('ecs', `cluster/${text(inputs, 'name') ?? ''}`);
    return { id: arn, outputs: { ...inputs, arn } };
  },
});

export const taskDefinition = (scheduler: Scheduler, ids: Identity): Handler => ({
  required: ['family', 'containerDefinitions'],
  replaces: { allBut: ['tags', 'skipDestroy', 'trackLatest'] },
  actions: {
    create: ['ecs:RegisterTaskDefinition', 'ecs:TagResource', 'iam:PassRole'],
    read: ['ecs:DescribeTaskDefinition'],
    update: ['ecs:TagResource', 'ecs:UntagResource'],
    delete: ['ecs:DeregisterTaskDefinition'],
  },
  validate: (inputs) => {
    const family = text(inputs, 'family');
    const named = family === undefined || /^[A-Za-z0-9_-]{1,255}$/.test(family);
    return [
      ...definitionFailures(inputs),
      ...sizeFailures(inputs),
      ...(named
        ? []
        : [{ property: 'family', reason: `'${family}': allowed are 1 to 255 letters, digits, - and _` }]),
    ];
  },
  create: (inputs) => {
    const family = text(inputs, 'family') ?? '';
    const revision = scheduler.nextRevision(family);
    const arnWithoutRevision = ids.arn('ecs', `task-definition/${family}`);
    const arn = `${arnWithoutRevision}:${revision}`;
    scheduler.registerDefinition(arn, containersOf(inputs) ?? []);
    return { id: family, outputs: { ...inputs, arn, arnWithoutRevision, revision } };
  },
  delete: ({ outputs }) => {
    if (flag(outputs, 'skipDestroy') !== true) scheduler.deregisterDefinition(text(outputs, 'arn') ?? '');
  },
});

const serviceSpec = (inputs: Props, options: CloudOptions): ServiceSpec => ({
  name: text(inputs, 'name') ?? '',
  taskDefinition: text(inputs, 'taskDefinition') ?? '',
  count: Math.min(number(inputs, 'desiredCount') ?? 0, options.tasksPerService),
  targetGroups: objects(inputs, 'loadBalancers').flatMap((lb) => text(lb, 'targetGroupArn') ?? []),
  breaker: flag(object(inputs, 'deploymentCircuitBreaker') ?? {}, 'enable') ?? false,
});

const settle = async (
  service: Service,
  inputs: Props,
  call: Call,
  options: CloudOptions,
  made: { id: string; outputs: Props },
): Promise<void> => {
  const timeoutMs =
    (call.timeout > 0 ? Math.min(call.timeout, options.steadySeconds) : options.steadySeconds) * 1_000;
  const steady = service.settle(timeoutMs, call.signal);
  if (flag(inputs, 'waitForSteadyState') !== true) {
    // As in ECS the deployment goes on in the background, and nobody is told when it fails.
    steady.catch(() => undefined);
    return;
  }
  try {
    await steady;
  } catch (error) {
    throw new PartialFailure(messageOf(error), made.id, made.outputs);
  }
};

export const service = (scheduler: Scheduler, ids: Identity, options: CloudOptions): Handler => ({
  autoName: { property: 'name', max: 255 },
  required: ['taskDefinition'],
  defaults: { desiredCount: 0, waitForSteadyState: false },
  replaces: ['name', 'cluster', 'launchType', 'schedulingStrategy'],
  actions: {
    create: ['ecs:CreateService', 'ecs:TagResource', 'iam:PassRole'],
    read: ['ecs:DescribeServices', 'ecs:DescribeServiceDeployments'],
    update: ['ecs:UpdateService', 'ecs:TagResource', 'ecs:UntagResource', 'iam:PassRole'],
    delete: ['ecs:UpdateService', 'ecs:DeleteService'],
  },
  create: async (inputs, call) => {
    const cluster = (text(inputs, 'cluster') ?? 'default').split('/').at(-1) ?? '';
    const arn = ids.arn('ecs', `service/${cluster}/${text(inputs, 'name') ?? ''}`);
    const service = scheduler.createService(arn, serviceSpec(inputs, options));
    const made = { id: arn, outputs: { ...inputs, arn, sandboxMade: service.made } };
    await settle(service, inputs, call, options, made);
    return made;
  },
  update: async (news, call) => {
    const outputs = { ...call.olds, ...news };
    const made = { id: call.id, outputs };
    await settle(scheduler.updateService(call.id, serviceSpec(news, options)), news, call, options, made);
    return outputs;
  },
  delete: ({ id, outputs }) => scheduler.deleteService(id, number(outputs, 'sandboxMade')),
  read: ({ id, inputs, outputs }) => ({ id: scheduler.services.has(id) ? id : '', inputs, outputs }),
});
