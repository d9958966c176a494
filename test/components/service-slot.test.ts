import * as pulumi from '@pulumi/pulumi';
import { expect, it } from 'vitest';
import { Logs } from '../../components/logs.ts';
import { Network } from '../../components/network.ts';
import { ServiceSlot } from '../../components/service-slot.ts';
import { planServiceSlot, type ServiceSlotPlanArgs } from '../../components/service-slot.plan.ts';
import { Slot } from '../../components/slot.ts';
import { D1, service } from '../support/releases.ts';
import { declared, find, outline, refersTo, scope, tags } from './declared.ts';

const health = {
  interval: 10_000,
  timeout: 10_000,
  startDelay: 10_000,
  retries: 5,
  failures: 3,
  steadyInterval: 15_000,
};
const secret = { arn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:DB-abcdef', version: 'one' };
const definition = service('auth', 1, { secrets: { DATABASE_URL: secret }, port: 3001 });

const planArgs: ServiceSlotPlanArgs = {
  scope,
  slot: 'blue',
  service: 'auth',
  version: 'v1.0.0',
  deployment: D1,
  definition,
  health,
  networkIdentity: 'vpc-1',
  logGroup: '/sluice/azora/test/auth',
  region: 'eu-west-1',
  workersRun: false,
};

const make = (change: Partial<typeof definition> = {}) => {
  const network = new Network('network', {
    scope,
    settings: { kind: 'existing', vpcId: 'vpc-1', publicSubnetIds: ['p1'], privateSubnetIds: ['q1', 'q2'] },
  });
  const { groups } = new Logs('logs', { scope, services: ['auth'] });
  const logGroup = groups['auth'];
  if (logGroup === undefined) throw new Error('no log group');
  return new ServiceSlot('blue-auth', {
    ...planArgs,
    definition: { ...definition, ...change },
    health,
    deployTimeout: 600_000,
    network,
    clusterArn: 'cluster-arn',
    balancer: { listenerArn: 'listener-arn', securityGroupId: 'sg-balancer' },
    shared: new Slot('blue', { scope, slot: 'blue', network }),
    logGroup,
    preview: { token: pulumi.secret('cafe'), priority: 77 },
    after: [],
  });
};

it('a web service of a slot: all of it', async () => {
  const list = await declared(() => make());
  expect(outline(list)).toEqual([
    'blue (sluice:Slot) < ',
    'blue-auth (sluice:ServiceSlot) < ',
    'blue-auth-execution (aws:Role) < blue-auth',
    'blue-auth-execution-policy (aws:RolePolicy) < blue-auth',
    'blue-auth-from-balancer (aws:SecurityGroupIngressRule) < blue-auth',
    'blue-auth-from-peers (aws:SecurityGroupIngressRule) < blue-auth',
    'blue-auth-group (aws:SecurityGroup) < blue-auth',
    'blue-auth-preview (aws:ListenerRule) < blue-auth',
    'blue-auth-service (aws:Service) < blue-auth',
    'blue-auth-target-group (aws:TargetGroup) < blue-auth',
    'blue-auth-task (aws:Role) < blue-auth',
    'blue-auth-task-definition (aws:TaskDefinition) < blue-auth',
    'blue-namespace (aws:HttpNamespace) < blue',
    'blue-out (aws:SecurityGroupEgressRule) < blue',
    'blue-peers (aws:SecurityGroup) < blue',
    'logs (sluice:Logs) < ',
    'logs-auth (aws:LogGroup) < logs',
    'network (sluice:Network) < ',
  ]);
  const ecs = find(list, 'blue-auth-service');
  expect(ecs.inputs).toMatchObject({
    cluster: 'cluster-arn',
    launchType: 'FARGATE',
    desiredCount: 2,
    waitForSteadyState: true,
    deploymentCircuitBreaker: { enable: true, rollback: false },
    loadBalancers: [{ containerName: 'app', containerPort: 3001 }],
    networkConfiguration: { subnets: ['q1', 'q2'], assignPublicIp: false },
    serviceConnectConfiguration: { services: [{ clientAlias: [{ port: 3001, dnsName: 'auth' }] }] },
    tags: tags({ service: 'auth', slot: 'blue', version: 'v1.0.0' }),
  });
  // Attached to the listener, and able to pull, before the first task.
  expect(ecs.after).toEqual(expect.arrayContaining(['blue-auth-preview', 'blue-auth-execution-policy']));
  expect(find(list, 'blue-auth-target-group').inputs).toMatchObject({
    targetType: 'ip',
    deregistrationDelay: 30,
    stickiness: { enabled: false },
    healthCheck: { path: '/health', interval: 15, timeout: 10, unhealthyThreshold: 3, matcher: '200' },
  });
  const preview = find(list, 'blue-auth-preview');
  expect(preview.inputs).toMatchObject({ listenerArn: 'listener-arn', priority: 77 });
  expect(refersTo(preview.inputs['actions'], 'blue-auth-target-group')).toBe(true);
  expect(JSON.stringify(preview.inputs['conditions'])).toContain('X-Sluice-Preview');
  expect(JSON.stringify(preview.inputs['conditions'])).toContain('/auth/*');
  expect(find(list, 'blue-auth-from-balancer').inputs).toMatchObject({
    referencedSecurityGroupId: 'sg-balancer',
    fromPort: 3001,
    toPort: 3001,
  });
  expect(refersTo(find(list, 'blue-auth-from-peers').inputs['referencedSecurityGroupId'], 'blue-peers')).toBe(
    true,
  );
});

it('the role that starts tasks may pull, log and read its own secrets, and nothing else', async () => {
  const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/azora/auth@sha256:${'1'.repeat(64)}`;
  const list = await declared(() => make({ image }));
  const { Statement } = JSON.parse(String(find(list, 'blue-auth-execution-policy').inputs['policy'])) as {
    Statement: { Sid: string; Action: string[]; Resource: string[] }[];
  };
  expect(Statement.map((s) => [s.Sid, s.Resource[0]])).toEqual([
    ['Log', expect.stringMatching(/logs-auth-\d+:\*$/)],
    ['Secrets', secret.arn],
    ['Login', '*'],
    ['Pull', 'arn:aws:ecr:eu-west-1:123456789012:repository/azora/auth'],
  ]);
  expect(find(list, 'blue-auth-execution').inputs['assumeRolePolicy']).toContain('ecs-tasks.amazonaws.com');
  expect(list.filter((d) => d.type.endsWith('RolePolicy'))).toHaveLength(1);
});

it('a worker has no target group, no rule and lets nobody in; it waits for the switch', async () => {
  const list = await declared(() => make({ kind: 'worker', paths: [], port: 0 }));
  expect(list.filter((d) => /TargetGroup|ListenerRule|IngressRule/.test(d.type))).toEqual([]);
  expect(find(list, 'blue-auth-service').inputs).toMatchObject({ desiredCount: 0 });
  expect(find(list, 'blue-auth-service').inputs).not.toHaveProperty('loadBalancers');
  expect(planServiceSlot({ ...planArgs, workersRun: true }).replicas).toBe(2);
});

it('the container: pinned image, own environment, secrets by version, nothing writable but /tmp', () => {
  const plan = planServiceSlot({
    ...planArgs,
    definition: { ...definition, command: ['node', 'server.js'] },
  });
  const [container] = JSON.parse(plan.containers) as Record<string, unknown>[];
  expect(container).toMatchObject({
    image: definition.image,
    command: ['node', 'server.js'],
    portMappings: [{ containerPort: 3001, protocol: 'tcp' }],
    secrets: [{ name: 'DATABASE_URL', valueFrom: `${secret.arn}:::one` }],
    readonlyRootFilesystem: true,
    logConfiguration: {
      logDriver: 'awslogs',
      options: { 'awslogs-group': '/sluice/azora/test/auth', 'awslogs-stream-prefix': `blue-${D1}` },
    },
  });
  expect(container?.['environment']).toEqual([
    { name: 'NODE_ENV', value: 'test' },
    { name: 'PORT', value: '3001' },
    { name: 'SLUICE_DEPLOYMENT', value: D1 },
    { name: 'SLUICE_SERVICE', value: 'auth' },
    { name: 'SLUICE_SLOT', value: 'blue' },
    { name: 'SLUICE_VERSION', value: 'v1.0.0' },
  ]);
});

it('another port is another target group by name, because it is made before the old one goes', () => {
  const name = (port: number) =>
    planServiceSlot({ ...planArgs, definition: { ...definition, port } }).names.targetGroup;
  expect(name(3001)).toHaveLength(name(3002).length);
  expect(name(3001)).not.toBe(name(3002));
  const long = { application: 'azora', environment: 'production' };
  const { names } = planServiceSlot({
    ...planArgs,
    scope: long,
    service: 'a-service-with-a-very-long-name-indeed',
  });
  expect(names.targetGroup.length).toBeLessThanOrEqual(32);
  expect(names.executionRole.length).toBeLessThanOrEqual(64);
});

it('a size that Fargate does not have is refused', () => {
  const wrong = { ...definition, cpu: 1024, memory: 512 };
  expect(() => planServiceSlot({ ...planArgs, definition: wrong })).toThrow(
    /services\.auth: no size that Fargate has \(got cpu 1024, memory 512 MiB; allowed: /,
  );
});
