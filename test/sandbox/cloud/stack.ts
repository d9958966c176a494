import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sandboxImages } from '../../../sandbox/adapters/images.ts';
import { startSandbox, type Sandbox, type StartOptions } from '../../../sandbox/client.ts';
import type { Props } from '../../../sandbox/provider/contract.ts';

export const APPLICATION = fileURLToPath(new URL('../../../examples/azora/app', import.meta.url));
const REPOSITORY = 'docker.io/azora/auth-service';

/** A sandbox of this test alone; its folder goes with it. */
export const temporarySandbox = (options: Partial<StartOptions> = {}): Promise<Sandbox> =>
  startSandbox({
    directory: mkdtempSync(join(tmpdir(), 'sandbox-')),
    temporary: true,
    postgres: false,
    ...options,
  });

export interface Made {
  readonly type: string;
  readonly urn: string;
  readonly id: string;
  readonly inputs: Props;
  readonly outputs: Props;
}

export const declare = async (
  sandbox: Sandbox,
  type: string,
  name: string,
  news: Props,
  timeout = 0,
): Promise<Made> => {
  const urn = `urn:pulumi:production::sluice::${type}::${name}`;
  const { inputs, failures } = await sandbox.provider.check({ urn, type, olds: {}, news, randomSeed: name });
  if (failures.length > 0) throw new Error(failures.map((f) => f.reason).join('; '));
  const made = await sandbox.provider.create({ urn, type, inputs, preview: false, timeout });
  return { type, urn, inputs, ...made };
};

export const remove = (sandbox: Sandbox, made: Made): Promise<void> =>
  sandbox.provider.delete({ ...made, timeout: 0 });

/** A listener, two target groups for the auth service, its rule, and two images. */
export interface TestStack {
  readonly url: string;
  readonly rule: Made;
  readonly blue: Made;
  readonly green: Made;
  weights(blue: number, green: number): Promise<void>;
  definition(version: string, environment?: Readonly<Record<string, string>>): Promise<Made>;
  service(slot: 'blue' | 'green', definition: Made, change?: Props): Promise<Made>;
}

export const authStack = async (sandbox: Sandbox): Promise<TestStack> => {
  const images = sandboxImages(sandbox, { application: APPLICATION });
  for (const version of ['v1.0.0', 'v2.0.0']) await images.build(version, [REPOSITORY], () => undefined);
  const lb = await declare(sandbox, 'aws:lb/loadBalancer:LoadBalancer', 'alb', { subnets: ['a', 'b'] });
  const listener = await declare(sandbox, 'aws:lb/listener:Listener', 'http', {
    loadBalancerArn: lb.id,
    defaultActions: [
      { type: 'fixed-response', fixedResponse: { contentType: 'text/plain', statusCode: '404' } },
    ],
  });
  const group = (slot: string) =>
    declare(sandbox, 'aws:lb/targetGroup:TargetGroup', `auth-${slot}`, {
      port: 8080,
      vpcId: 'vpc-1',
      targetType: 'ip',
      healthCheck: { path: '/health', interval: 10, timeout: 5 },
      deregistrationDelay: 30,
    });
  const [blue, green] = [await group('blue'), await group('green')];
  const forward = (name: string, priority: number, conditions: Props[], groups: Props[]) =>
    declare(sandbox, 'aws:lb/listenerRule:ListenerRule', name, {
      listenerArn: listener.id,
      priority,
      conditions,
      actions: [{ type: 'forward', forward: { targetGroups: groups } }],
    });
  for (const [i, slot] of [blue, green].entries())
    await forward(
      `preview-${i}`,
      i + 1,
      [{ httpHeader: { httpHeaderName: 'x-preview', values: [['blue', 'green'][i] ?? ''] } }],
      [{ arn: slot.id }],
    );
  const rule = await forward(
    'live',
    100,
    [{ pathPattern: { values: ['/auth/*'] } }],
    [{ arn: blue.id, weight: 100 }],
  );
  return {
    url: `http://${String(lb.outputs['dnsName'])}`,
    rule,
    blue,
    green,
    weights: (b, g) =>
      sandbox.call('POST', '/balancer/rules/write', {
        rules: [
          {
            arn: rule.id,
            weights: { ...(b > 0 ? { [blue.id]: b } : {}), ...(g > 0 ? { [green.id]: g } : {}) },
          },
        ],
      }),
    definition: async (version, environment = {}) => {
      const image = await images.find(REPOSITORY, version);
      const container = {
        name: 'auth',
        image: image ?? `${REPOSITORY}:${version}`,
        environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
      };
      return declare(sandbox, 'aws:ecs/taskDefinition:TaskDefinition', 'auth', {
        family: 'auth',
        containerDefinitions: JSON.stringify([container]),
      });
    },
    service: (slot, definition, change = {}) =>
      declare(sandbox, 'aws:ecs/service:Service', `auth-${slot}`, {
        taskDefinition: definition.outputs['arn'],
        desiredCount: 2,
        waitForSteadyState: true,
        loadBalancers: [
          { targetGroupArn: (slot === 'blue' ? blue : green).id, containerName: 'auth', containerPort: 8080 },
        ],
        ...change,
      }),
  };
};

/** A sandbox with PostgreSQL, a service and a command that would sleep for minutes; all its process ids. */
export const busySandbox = async (directory: string): Promise<{ sandbox: Sandbox; pids: number[] }> => {
  const sandbox = await startSandbox({ directory, temporary: true });
  const stack = await authStack(sandbox);
  await stack.service('blue', await stack.definition('v1.0.0'));
  declare(sandbox, 'command:local:Command', 'sleeper', {
    create: `echo $$ > '${join(directory, 'sleeper.pid')}'; sleep 300`,
  }).catch(() => undefined);
  const sleeper = await numberIn(join(directory, 'sleeper.pid'));
  const { services } = await sandbox.status();
  return { sandbox, pids: [sandbox.pid, sleeper, ...services.flatMap((s) => s.pids)] };
};

const numberIn = async (file: string): Promise<number> => {
  for (let tries = 0; tries < 200; tries += 1) {
    if (existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
      return Number(readFileSync(file, 'utf8'));
    await delay(25);
  }
  throw new Error(`${file} was not written`);
};
