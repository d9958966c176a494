import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testCloud, urnOf, type TestCloud } from './cloud.ts';

const RULE = 'aws:lb/listenerRule:ListenerRule';
const GROUP = 'aws:lb/targetGroup:TargetGroup';

let t: TestCloud;
beforeAll(async () => {
  t = await testCloud();
});
afterAll(() => t.close());

const production = async () => {
  const lb = await t.create('aws:lb/loadBalancer:LoadBalancer', 'alb', { subnets: ['a', 'b'] });
  const listener = await t.create('aws:lb/listener:Listener', 'https', {
    loadBalancerArn: lb.id,
    port: 443,
    protocol: 'HTTPS',
    certificateArn: 'arn:aws:acm:x',
    defaultActions: [
      {
        type: 'fixed-response',
        fixedResponse: { contentType: 'text/plain', messageBody: 'Not found', statusCode: '404' },
      },
    ],
  });
  const blue = await t.create(GROUP, 'blue', { port: 80, vpcId: 'v' });
  const green = await t.create(GROUP, 'green', { port: 80, vpcId: 'v' });
  const weights = (of: [string, number][]) => ({
    listenerArn: listener.id,
    priority: 10,
    conditions: [{ pathPattern: { values: ['/api/*'] } }],
    actions: [{ type: 'forward', forward: { targetGroups: of.map(([arn, weight]) => ({ arn, weight })) } }],
  });
  return { lb, listener, blue, green, weights };
};

test('a rule keeps its weights, shows them as they are live, and a changed weight is one leaf', async () => {
  const { lb, blue, green, weights } = await production();
  const rule = await t.create(
    RULE,
    'api',
    weights([
      [blue.id, 100],
      [green.id, 0],
    ]),
  );
  const { balancer, provider } = t.cloud;
  const request = { urn: urnOf(RULE, 'api'), type: RULE, id: rule.id };
  const news = weights([
    [blue.id, 95],
    [green.id, 5],
  ]);
  const diff = await provider.diff({
    ...request,
    olds: rule.outputs,
    oldInputs: rule.inputs,
    news,
    ignoreChanges: [],
  });
  expect(diff).toMatchObject({ changes: true, replaces: [] });
  expect(Object.keys(diff.detailed)).toEqual([
    'actions[0].forward.targetGroups[0].weight',
    'actions[0].forward.targetGroups[1].weight',
  ]);
  await provider.update({
    ...request,
    olds: rule.outputs,
    oldInputs: rule.inputs,
    news,
    preview: false,
    timeout: 0,
  });
  balancer.updateRule(rule.id, { action: { kind: 'forward', groups: [{ arn: blue.id, weight: 100 }] } });
  const read = await provider.read({ ...request, inputs: news, outputs: rule.outputs });
  expect(read.inputs['actions']).toMatchObject([
    { forward: { targetGroups: [{ arn: blue.id, weight: 100 }] } },
  ]);
  const answered = await provider.invoke({
    token: 'aws:lb/getListenerRule:getListenerRule',
    args: { arn: rule.id },
  });
  expect(answered.result['actions']).toMatchObject([
    { forwards: [{ targetGroups: [{ arn: blue.id, weight: 100 }] }] },
  ]);
  const notFound = await fetch(`http://${String(lb.outputs['dnsName'])}/elsewhere`);
  expect([notFound.status, await notFound.text()]).toEqual([404, 'Not found']);
  const nobodyThere = await fetch(`http://${String(lb.outputs['dnsName'])}/api/x`);
  expect(nobodyThere.status).toBe(503);
  await provider.delete({ ...request, outputs: rule.outputs, timeout: 0 });
  expect(await provider.read({ ...request, inputs: news, outputs: rule.outputs })).toMatchObject({ id: '' });
});

test('any other type keeps state and answers what a program reads: an id, a name, an ARN', async () => {
  const unknown = await t.create('aws:sqs/queue:Queue', 'jobs', { delaySeconds: 5 });
  expect(unknown.outputs).toMatchObject({
    delaySeconds: 5,
    arn: expect.stringMatching(/^arn:aws:sqs:eu-central-1:/),
  });
  const vpc = await t.create('aws:ec2/vpc:Vpc', 'vpc', { cidrBlock: '10.0.0.0/16' });
  expect(vpc.id).toMatch(/^vpc-[0-9a-f]{17}$/);
  const role = await t.create('aws:iam/role:Role', 'task', {
    assumeRolePolicy: '{"Statement":[{"Effect":"Allow"}]}',
  });
  expect(role.outputs['arn']).toBe(`arn:aws:iam::000000000000:role/${role.id}`);
  const environment = await t.create(
    'github:index/repositoryEnvironment:RepositoryEnvironment',
    'production',
    { repository: 'azora', environment: 'production' },
  );
  expect(environment.outputs).toMatchObject({ repository: 'azora' });
});

test('data sources answer from the cloud, and an unknown one says which there are', async () => {
  const source = join(t.directory, 'app');
  mkdirSync(source);
  writeFileSync(join(source, 'main.js'), '');
  const image = await t.cloud.registry.publish({
    repository: 'docker.io/azora/auth',
    tag: 'v1',
    directory: source,
  });
  const { provider } = t.cloud;
  const ask = (token: string, args: Record<string, unknown>) => provider.invoke({ token, args });
  const found = await ask('docker:index/getRegistryImage:getRegistryImage', {
    name: 'docker.io/azora/auth:v1',
  });
  expect(found.result['sha256Digest']).toBe(image.digest);
  const missing = await ask('docker:index/getRegistryImage:getRegistryImage', {
    name: 'docker.io/azora/auth:v2',
  });
  expect(missing.failures).toMatchObject([{ reason: 'no image docker.io/azora/auth:v2 in the registry' }]);
  const strange = await ask('aws:ec2/getAmi:getAmi', {});
  expect(strange.failures[0]?.reason).toMatch(/does not know aws:ec2\/getAmi:getAmi; it knows .*getRegion/);
  const policy = await ask('aws:iam/getPolicyDocument:getPolicyDocument', {
    statements: [
      {
        actions: ['s3:GetObject'],
        resources: ['*'],
        principals: [{ type: 'Service', identifiers: ['ecs-tasks.amazonaws.com'] }],
      },
    ],
  });
  expect(JSON.parse(String(policy.result['json']))).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: '*',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
      },
    ],
  });
});

test('every type that acts names the IAM actions it stands for', async () => {
  const { handlers } = await import('../../../sandbox/provider/handlers.ts');
  const { identity } = await import('../../../sandbox/provider/identity.ts');
  const { bucketStore } = await import('../../../sandbox/cloud/buckets.ts');
  const { balancer, scheduler, options, s3, functions } = t.cloud;
  const command = {
    cwd: '/',
    reaper: {
      adopt: () => undefined,
      release: () => undefined,
      removeLater: () => undefined,
      keep: () => undefined,
      close: () => Promise.resolve(),
    },
    environment: () => ({}),
    log: () => undefined,
  };
  const table = handlers({
    ids: identity('eu-central-1', '1'),
    options,
    balancer,
    scheduler,
    buckets: bucketStore(s3),
    command,
    functions,
  });
  for (const [type, { actions }] of table) {
    if (!type.startsWith('aws:')) continue;
    const all = [...actions.create, ...actions.read, ...actions.update, ...actions.delete];
    expect(actions.create.length, type).toBeGreaterThan(0);
    for (const action of all) expect(action, type).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z]+$/);
  }
});
