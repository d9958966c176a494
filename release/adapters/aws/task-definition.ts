import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type ContainerDefinition,
  type ECSClient,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { SecretReference } from '../../../config/release.types.ts';
import { refused } from '../../../lib/errors.ts';
import { askingFor } from './asking.ts';
import type { LogStream } from './task-logs.ts';

/** `iam:PassRole` is for the two roles of the task definition that the copy is made from. */
export const ACTIONS = [
  'ecs:DescribeTaskDefinition',
  'ecs:RegisterTaskDefinition',
  'ecs:DeregisterTaskDefinition',
  'iam:PassRole',
] as const;

const ask = askingFor(ACTIONS);

export interface OneOff {
  /** Task definition of the service whose surroundings the task shares: family, family:revision or ARN. */
  readonly basedOn: string;
  /** Image of the new version; undefined: the one of `basedOn`. */
  readonly image?: string;
  /** Secrets the task needs beside those of `basedOn`. ECS reads them itself: no value passes through here. */
  readonly secrets?: Readonly<Record<string, SecretReference>>;
}

export interface Registered {
  readonly arn: string;
  readonly container: string;
  /** Where the container writes, but for the task's id at the end; undefined when not to CloudWatch. */
  readonly logs: ((taskId: string) => LogStream) | undefined;
}

const logsOf = ({ name = '', logConfiguration }: ContainerDefinition): Registered['logs'] => {
  const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix } = logConfiguration?.options ?? {};
  if (logConfiguration?.logDriver !== 'awslogs' || group === undefined || prefix === undefined)
    return undefined;
  return (taskId) => ({ group, stream: `${prefix}/${name}/${taskId}` });
};

const mainOf = (definition: TaskDefinition): ContainerDefinition & { name: string } => {
  const containers = definition.containerDefinitions ?? [];
  const main = containers.find((c) => c.essential !== false) ?? containers[0];
  if (main?.name !== undefined) return { ...main, name: main.name };
  throw refused(`task definition ${definition.taskDefinitionArn ?? ''} has no container`);
};

/** The one container of a one-off task: no ports, and the new version's image and secrets. */
const containerOf = (main: ContainerDefinition, { image, secrets = {} }: OneOff): ContainerDefinition => {
  const { portMappings: _ports, healthCheck: _check, dependsOn: _order, ...rest } = main;
  const added = Object.entries(secrets).map(([name, s]) => ({ name, valueFrom: `${s.arn}:::${s.version}` }));
  const kept = (main.secrets ?? []).filter((s) => s.name === undefined || !Object.hasOwn(secrets, s.name));
  return { ...rest, ...(image === undefined ? {} : { image }), secrets: [...kept, ...added] };
};

/** A revision of its own family for one run, with roles, size, network mode and volumes of the service's definition. */
export const registerOneOff = async (client: ECSClient, wanted: OneOff): Promise<Registered> => {
  const { taskDefinition: base } = await ask('ecs:DescribeTaskDefinition', wanted.basedOn, (o) =>
    client.send(new DescribeTaskDefinitionCommand({ taskDefinition: wanted.basedOn }), o),
  );
  if (base === undefined) throw refused(`there is no task definition ${wanted.basedOn}`);
  const main = mainOf(base);
  const { executionRoleArn, taskRoleArn, networkMode, volumes, cpu, memory, runtimePlatform } = base;
  const command = new RegisterTaskDefinitionCommand({
    family: `${base.family ?? 'sluice'}-once`.slice(-255),
    containerDefinitions: [containerOf(main, wanted)],
    requiresCompatibilities: ['FARGATE'],
    executionRoleArn,
    taskRoleArn,
    networkMode,
    volumes,
    cpu,
    memory,
    runtimePlatform,
  });
  const { taskDefinition: made } = await ask('ecs:RegisterTaskDefinition', wanted.basedOn, (o) =>
    client.send(command, o),
  );
  return { arn: made?.taskDefinitionArn ?? '', container: main.name, logs: logsOf(main) };
};

export const deregister = async (client: ECSClient, { arn }: Registered): Promise<void> => {
  await ask('ecs:DeregisterTaskDefinition', arn, (o) =>
    client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: arn }), o),
  );
};
