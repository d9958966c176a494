import { execFile } from 'node:child_process';
import type { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type {
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  TaskDefinition,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { ecsTasks, type EcsTaskOptions } from '../../../../release/adapters/aws/tasks.ts';
import { tasksContract } from '../../../support/contracts/supply.ts';

type Input<T extends { input: unknown }> = T['input'];

/** ECS with one service's definition; its tasks are commands of this machine, and their lines come late, as in life. */
class FakeEcs {
  readonly definitions = new Map<string, TaskDefinition>();
  readonly calls: string[] = [];
  readonly registered: Input<RegisterTaskDefinitionCommand>[] = [];
  readonly runs: Input<RunTaskCommand>[] = [];
  /** Set: the task never runs, for this reason. */
  broken: string | undefined;
  /** How many looks at the task fail. */
  blind = 0;
  #lines: string[] = [];
  #shown = 0;
  #state = 'PENDING';
  #exitCode: number | undefined;
  #child: ReturnType<typeof execFile> | undefined;

  constructor() {
    this.definitions.set('azora-auth', {
      family: 'azora-auth',
      taskRoleArn: 'arn:role/task',
      executionRoleArn: 'arn:role/execution',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      containerDefinitions: [
        { name: 'sidecar', essential: false, image: 'logs' },
        {
          name: 'app',
          image: 'azora/auth@v1',
          portMappings: [{ containerPort: 8080 }],
          secrets: [{ name: 'DATABASE_URL', valueFrom: 'arn:db:::one' }],
          logConfiguration: {
            logDriver: 'awslogs',
            options: { 'awslogs-group': '/sluice/auth', 'awslogs-stream-prefix': 'green' },
          },
        },
      ],
    });
  }

  client(): ECSClient {
    const send = (command: { input: unknown; constructor: { name: string } }): Promise<unknown> => {
      const name = command.constructor.name.replace('Command', '');
      this.calls.push(name);
      return this.#answer(name, command.input);
    };
    return { send } as unknown as ECSClient;
  }

  logs(): CloudWatchLogsClient {
    const send = ({ input }: GetLogEventsCommand) => {
      const from = Number(input.nextToken ?? 0);
      const events = this.#lines.slice(from, this.#shown).map((message) => ({ message: `${message}\n` }));
      this.#shown = this.#lines.length;
      return Promise.resolve({ events, nextForwardToken: String(from + events.length) });
    };
    return { send } as unknown as CloudWatchLogsClient;
  }

  async #answer(name: string, input: unknown): Promise<unknown> {
    switch (name) {
      case 'DescribeTaskDefinition':
        return { taskDefinition: this.definitions.get('azora-auth') };
      case 'RegisterTaskDefinition':
        this.registered.push(input as Input<RegisterTaskDefinitionCommand>);
        return { taskDefinition: { taskDefinitionArn: 'arn:once:1' } };
      case 'RunTask':
        return this.#run(input as Input<RunTaskCommand>);
      case 'DescribeTasks':
        return this.#describe(input as Input<DescribeTasksCommand>);
      case 'StopTask':
        this.#lines.push(`stopped: ${(input as Input<StopTaskCommand>).reason ?? ''}`);
        this.#child?.kill('SIGKILL');
        return {};
      default:
        return {};
    }
  }

  #run(input: Input<RunTaskCommand>): unknown {
    this.runs.push(input);
    this.#lines = [];
    this.#shown = 0;
    if (this.broken === 'no capacity') return { tasks: [], failures: [{ reason: 'RESOURCE:ENI' }] };
    const [override] = input.overrides?.containerOverrides ?? [];
    const [file = '', ...words] = override?.command ?? [];
    const environment = Object.fromEntries((override?.environment ?? []).map((e) => [e.name ?? '', e.value]));
    this.#state = this.broken === undefined ? 'RUNNING' : 'STOPPED';
    if (this.broken === undefined) {
      const env = { PATH: process.env['PATH'], ...environment };
      this.#child = execFile(file, words, { env }, () => {
        this.#exitCode = this.#child?.exitCode ?? 137;
        this.#state = 'STOPPED';
      });
      this.#child.stdout?.on('data', (text: string) => this.#lines.push(...text.trimEnd().split('\n')));
    }
    return { tasks: [{ taskArn: 'arn:aws:ecs:task/azora/0123' }] };
  }

  async #describe(_input: Input<DescribeTasksCommand>): Promise<unknown> {
    // Gives the command of this machine time to write.
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (this.blind > 0) {
      this.blind -= 1;
      throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $fault: 'client' });
    }
    const container = { name: 'app', exitCode: this.#exitCode, reason: this.broken };
    return {
      tasks: [{ taskArn: 'arn:aws:ecs:task/azora/0123', lastStatus: this.#state, containers: [container] }],
    };
  }
}

const options = (ecs: FakeEcs, change: Partial<EcsTaskOptions> = {}): EcsTaskOptions => {
  let now = 0;
  return {
    ecs: ecs.client(),
    logs: ecs.logs(),
    clock: {
      now: () => now,
      sleep: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    },
    cluster: 'azora',
    subnets: ['subnet-1'],
    securityGroups: ['sg-1'],
    basedOn: 'azora-auth',
    image: 'azora/auth@v2',
    timeoutMs: 10 * 60_000,
    ...change,
  };
};

tasksContract('ECS', () =>
  Promise.resolve({ tasks: ecsTasks(options(new FakeEcs())), close: () => Promise.resolve() }),
);

describe('a one-off task on ECS', () => {
  const quiet = () => undefined;

  it('has the new image, the service’s roles and secrets, and the ones it needs itself, by reference', async () => {
    const ecs = new FakeEcs();
    const secrets = { ADMIN_URL: { arn: 'arn:admin', version: 'two' } };
    await ecsTasks(options(ecs, { secrets })).run('true', { VERSION: 'v2' }, quiet);
    expect(ecs.registered[0]).toMatchObject({
      family: 'azora-auth-once',
      taskRoleArn: 'arn:role/task',
      executionRoleArn: 'arn:role/execution',
      cpu: '256',
    });
    const [container] = ecs.registered[0]?.containerDefinitions ?? [];
    expect(ecs.registered[0]?.containerDefinitions).toHaveLength(1);
    expect(container).toMatchObject({
      name: 'app',
      image: 'azora/auth@v2',
      secrets: [
        { name: 'DATABASE_URL', valueFrom: 'arn:db:::one' },
        { name: 'ADMIN_URL', valueFrom: 'arn:admin:::two' },
      ],
    });
    expect(container?.portMappings).toBeUndefined();
    expect(ecs.runs[0]?.networkConfiguration?.awsvpcConfiguration).toEqual({
      subnets: ['subnet-1'],
      securityGroups: ['sg-1'],
      assignPublicIp: 'DISABLED',
    });
    expect(ecs.calls.at(-1)).toBe('DeregisterTaskDefinition');
  });

  it('that could not be started says why', async () => {
    const ecs = new FakeEcs();
    ecs.broken = 'no capacity';
    await expect(ecsTasks(options(ecs)).run('true', {}, quiet)).rejects.toThrow('RESOURCE:ENI');
    expect(ecs.calls.at(-1)).toBe('DeregisterTaskDefinition');
  });

  it('whose image is not there is no exit code but an error with ECS’s reason', async () => {
    const ecs = new FakeEcs();
    ecs.broken = 'CannotPullContainerError: not found';
    await expect(ecsTasks(options(ecs)).run('true', {}, quiet)).rejects.toThrow(
      /did not run: CannotPullContainer/,
    );
  });

  it('that takes too long is stopped', async () => {
    const ecs = new FakeEcs();
    const slow = ecsTasks(options(ecs, { timeoutMs: 5_000 })).run('exec sleep 60', {}, quiet);
    await expect(slow).rejects.toThrow('did not end within 5 s');
    expect(ecs.calls).toContain('StopTask');
  });

  it('goes on while ECS is too busy to show it, and is not stopped for that', async () => {
    const ecs = new FakeEcs();
    ecs.blind = 3;
    expect(await ecsTasks(options(ecs)).run('echo done', {}, quiet)).toEqual({ exitCode: 0 });
    expect(ecs.calls).not.toContain('StopTask');
    const blind = new FakeEcs();
    blind.blind = 99;
    await expect(ecsTasks(options(blind)).run('echo done', {}, quiet)).rejects.toThrow(
      /may still run.*Rate exceeded/,
    );
    expect(blind.calls).not.toContain('StopTask');
  });

  it('lists pending migrations by the lines of a command', async () => {
    const ecs = new FakeEcs();
    const tasks = ecsTasks(
      options(ecs, { pendingMigrations: 'echo 001_users.sql; echo; echo 002_roles.sql' }),
    );
    expect(await tasks.list('pendingMigrations', {})).toEqual(['001_users.sql', '002_roles.sql']);
    const failing = ecsTasks(options(new FakeEcs(), { pendingMigrations: 'echo no database; exit 2' }));
    await expect(failing.list('pendingMigrations', {})).rejects.toThrow(/ended with 2: no database/);
  });
});
