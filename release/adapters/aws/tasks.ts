import { randomUUID } from 'node:crypto';
import {
  DescribeTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  type ECSClient,
  type Task,
} from '@aws-sdk/client-ecs';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { Clock } from '../../../lib/clock.ts';
import { EXIT, ExpectedError, messageOf } from '../../../lib/errors.ts';
import type { Tasks } from '../../ports/supply.ts';
import { askingFor } from './asking.ts';
import { deregister, registerOneOff, type OneOff, type Registered } from './task-definition.ts';
import { logReader } from './task-logs.ts';

export const ACTIONS = ['ecs:RunTask', 'ecs:DescribeTasks', 'ecs:StopTask'] as const;

const ask = askingFor(ACTIONS);

export interface EcsTaskOptions extends OneOff {
  readonly ecs: ECSClient;
  readonly logs: CloudWatchLogsClient;
  readonly clock: Clock;
  readonly cluster: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Needed in public subnets, where there is no other way to the registry. */
  readonly publicAddress?: boolean;
  /** Longest time from start to end, ms. */
  readonly timeoutMs: number;
  /** Command whose output names pending migrations, one a line; undefined: nothing is listed. */
  readonly pendingMigrations?: string;
  /** Who started it, for people who look at the cluster: the deployment's id. */
  readonly startedBy?: string;
}

const POLL_MS = 2_000;
/** CloudWatch has the last lines a little after the task has ended. */
const LAST_LINES_TRIES = 3;
const MOST_BLIND_LOOKS = 5;

const failed = (message: string, hint?: string): ExpectedError =>
  new ExpectedError(message, { exit: EXIT.refused, hint });

const idOf = (task: Task): string => task.taskArn?.split('/').at(-1) ?? '';

const start = async (
  options: EcsTaskOptions,
  { arn, container }: Registered,
  command: string,
  environment: Readonly<Record<string, string>>,
): Promise<Task> => {
  const run = new RunTaskCommand({
    cluster: options.cluster,
    taskDefinition: arn,
    launchType: 'FARGATE',
    count: 1,
    // A retry of the SDK after an answer that was lost must not start a second task.
    clientToken: randomUUID(),
    ...(options.startedBy === undefined ? {} : { startedBy: options.startedBy.slice(0, 36) }),
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [...options.subnets],
        securityGroups: [...options.securityGroups],
        assignPublicIp: options.publicAddress === true ? 'ENABLED' : 'DISABLED',
      },
    },
    overrides: {
      containerOverrides: [
        {
          name: container,
          command: ['sh', '-c', command],
          environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
        },
      ],
    },
  });
  const { tasks = [], failures = [] } = await ask('ecs:RunTask', `in ${options.cluster}`, (o) =>
    options.ecs.send(run, o),
  );
  const [task] = tasks;
  if (task?.taskArn !== undefined) return task;
  const reasons = failures.map((f) => [f.reason, f.detail].filter((t) => t !== undefined).join(': '));
  throw failed(
    `the task was not started: ${reasons.join('; ') || 'ECS gave no reason'}`,
    'look at the cluster',
  );
};

const look = async ({ ecs, cluster }: EcsTaskOptions, arn: string): Promise<Task> => {
  const { tasks = [] } = await ask('ecs:DescribeTasks', arn, (o) =>
    ecs.send(new DescribeTasksCommand({ cluster, tasks: [arn] }), o),
  );
  const [task] = tasks;
  if (task === undefined) throw failed(`ECS knows nothing of task ${arn} any more`);
  return task;
};

const stop = async ({ ecs, cluster }: EcsTaskOptions, arn: string, reason: string): Promise<void> => {
  const command = new StopTaskCommand({ cluster, task: arn, reason });
  await ask('ecs:StopTask', arn, (o) => ecs.send(command, o));
};

/** What is new of a task: its state, and its lines handed on. */
const lookAndRead = async (
  options: EcsTaskOptions,
  arn: string,
  read: (() => Promise<number>) | undefined,
): Promise<Task> => {
  const now = await look(options, arn);
  for (let n = 0; ; n += 1) {
    const lines = await read?.();
    if (now.lastStatus !== 'STOPPED' || n >= LAST_LINES_TRIES || (n > 0 && lines === 0)) return now;
    await options.clock.sleep(POLL_MS);
  }
};

/**
 * Waits for the end and hands on log lines meanwhile. A task that takes too long, or is not wanted any more, is
 * stopped; one that just cannot be seen goes on, because half a migration is worse than one nobody watches.
 */
const follow = async (
  options: EcsTaskOptions,
  task: Task,
  registered: Registered,
  onLine: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Task> => {
  const { clock, logs, timeoutMs } = options;
  const arn = task.taskArn ?? '';
  const stream = registered.logs?.(idOf(task));
  const reader = stream === undefined ? undefined : logReader(logs, stream);
  const read = reader === undefined ? undefined : () => reader(onLine);
  const deadline = clock.now() + timeoutMs;
  const giveUp = async (why: unknown): Promise<never> => {
    await Promise.allSettled([stop(options, arn, messageOf(why).slice(0, 255))]);
    throw why;
  };
  let blind = 0;
  for (;;) {
    if (signal?.aborted === true) return giveUp(signal.reason);
    if (clock.now() >= deadline) return giveUp(failed(`the task did not end within ${timeoutMs / 1_000} s`));
    try {
      const now = await lookAndRead(options, arn, read);
      blind = 0;
      if (now.lastStatus === 'STOPPED') return now;
    } catch (error) {
      blind += 1;
      if (blind >= MOST_BLIND_LOOKS)
        throw failed(`task ${arn} cannot be watched and may still run: ${messageOf(error)}`);
    }
    await clock.sleep(POLL_MS, signal).catch(() => undefined);
  }
};

const exitCodeOf = (task: Task, container: string): number => {
  const seen = task.containers?.find((c) => c.name === container);
  if (seen?.exitCode !== undefined) return seen.exitCode;
  throw failed(
    `the task's command did not run: ${seen?.reason ?? task.stoppedReason ?? 'ECS gave no reason'}`,
    'look at image, secrets, subnets and roles of the task',
  );
};

/**
 * One-off tasks in the network, with the new version's image. Secrets reach the task by reference only: what is in
 * `environment` is shown by ECS to whoever may describe the task, so no value of a secret belongs there.
 */
export const ecsTasks = (options: EcsTaskOptions): Tasks => {
  const run: Tasks['run'] = async (command, environment, onLine, signal) => {
    signal?.throwIfAborted();
    const registered = await registerOneOff(options.ecs, options);
    try {
      const task = await start(options, registered, command, environment);
      const ended = await follow(options, task, registered, onLine, signal);
      return { exitCode: exitCodeOf(ended, registered.container) };
    } finally {
      // A revision that stays costs nothing; the run's own result matters more.
      await deregister(options.ecs, registered).catch(() => undefined);
    }
  };
  return {
    run,
    list: async (_kind, environment) => {
      if (options.pendingMigrations === undefined) return [];
      const lines: string[] = [];
      const { exitCode } = await run(options.pendingMigrations, environment, (line) => lines.push(line));
      if (exitCode !== 0)
        throw failed(`pending migrations: the command ended with ${exitCode}: ${lines.slice(-3).join(' ')}`);
      return lines.map((line) => line.trim()).filter((line) => line !== '');
    },
  };
};
