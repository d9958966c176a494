import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UNKNOWN, type Props } from '../../../sandbox/provider/contract.ts';
import { testCloud, urnOf, type TestCloud } from './cloud.ts';

const LB = 'aws:lb/loadBalancer:LoadBalancer';
const LISTENER = 'aws:lb/listener:Listener';
const RULE = 'aws:lb/listenerRule:ListenerRule';
const GROUP = 'aws:lb/targetGroup:TargetGroup';
const DEFINITION = 'aws:ecs/taskDefinition:TaskDefinition';
const SERVICE = 'aws:ecs/service:Service';
const BUCKET = 'aws:s3/bucket:Bucket';

let t: TestCloud;
let listenerArn = '';
beforeAll(async () => {
  t = await testCloud();
  const lb = await t.create(LB, 'alb', { subnets: ['a', 'b'] });
  const listener = await t.create(LISTENER, 'http', {
    loadBalancerArn: lb.id,
    defaultActions: [
      { type: 'fixed-response', fixedResponse: { contentType: 'text/plain', statusCode: '404' } },
    ],
  });
  listenerArn = listener.id;
});
afterAll(() => t.close());

const group = (name: string, change: Props = {}) =>
  t.create(GROUP, name, { port: 8080, protocol: 'HTTP', vpcId: 'vpc-1', targetType: 'ip', ...change });
const rule = (name: string, priority: number, groups: Props[]) =>
  t.create(RULE, name, {
    listenerArn,
    priority,
    conditions: [{ pathPattern: { values: [`/${name}/*`] } }],
    actions: [{ type: 'forward', forward: { targetGroups: groups } }],
  });

describe('what the load balancer refuses', () => {
  test('names that are too long, or look wrong', async () => {
    const long = 'a'.repeat(33);
    expect(await t.failures(LB, 'x', { name: long, subnets: ['a', 'b'] })).toMatchObject([
      { property: 'name', reason: expect.stringContaining('at most 32') },
    ]);
    expect(await t.failures(GROUP, 'y'.repeat(30), {})).toMatchObject([{ property: 'name' }]);
    expect(await t.failures(GROUP, 'x', { name: 'under_score' })).toMatchObject([{ property: 'name' }]);
  });

  test('weights outside 0 to 999, and more than five groups', async () => {
    const actions = (groups: Props[]) => ({
      listenerArn,
      priority: 1,
      conditions: [],
      actions: [{ type: 'forward', forward: { targetGroups: groups } }],
    });
    const six = Array.from({ length: 6 }, (_, i) => ({ arn: `g${i}`, weight: 1 }));
    expect(await t.failures(RULE, 'r', actions(six))).toMatchObject([
      { reason: expect.stringContaining('1 to 5') },
    ]);
    for (const weight of [1000, -1, 2.5])
      expect(await t.failures(RULE, 'r', actions([{ arn: 'g', weight }]))).toMatchObject([
        { property: 'actions[0].forward.targetGroups[0].weight' },
      ]);
    expect(await t.failures(RULE, 'r', actions([{ arn: UNKNOWN, weight: UNKNOWN }]))).toEqual([]);
  });

  test('a priority that is taken on the listener', async () => {
    const one = await group('prio');
    await rule('first', 10, [{ arn: one.id, weight: 100 }]);
    await expect(rule('second', 10, [{ arn: one.id, weight: 100 }])).rejects.toThrow(/PriorityInUse/);
  });

  test('deleting a target group in use; afterwards it goes, twice is fine', async () => {
    const one = await group('used');
    const forwarding = await rule('used', 20, [{ arn: one.id, weight: 1 }]);
    await expect(t.remove(GROUP, one)).rejects.toThrow(/ResourceInUse: target group used/);
    await t.remove(RULE, forwarding);
    await t.remove(GROUP, one);
    await t.remove(GROUP, one);
    expect(t.cloud.balancer.group(one.id)).toBeUndefined();
  });

  test('an HTTPS listener without a certificate, a balancer in one subnet, a sticky rule', async () => {
    expect(
      await t.failures(LISTENER, 'l', { loadBalancerArn: 'x', defaultActions: [], protocol: 'HTTPS' }),
    ).toMatchObject([{ property: 'certificateArn' }]);
    expect(await t.failures(LB, 'l', { subnets: ['a'] })).toMatchObject([{ property: 'subnets' }]);
    const one = await group('sticky');
    await expect(
      t.create(RULE, 's', {
        listenerArn,
        conditions: [{ pathPattern: { values: ['/'] } }],
        actions: [
          {
            type: 'forward',
            forward: { targetGroups: [{ arn: one.id }], stickiness: { enabled: true, duration: 60 } },
          },
        ],
      }),
    ).rejects.toThrow(/sticky/);
  });
});

describe('what ECS refuses', () => {
  const containers = (image = 'docker.io/azora/none:v1') => JSON.stringify([{ name: 'app', image }]);

  test('sizes that Fargate does not have, and definitions that are none', async () => {
    const base = { family: 'auth', requiresCompatibilities: ['FARGATE'] };
    const sized = (cpu: string, memory: string) =>
      t.failures(DEFINITION, 'd', { ...base, containerDefinitions: containers(), cpu, memory });
    expect(await sized('1024', '2048')).toEqual([]);
    expect(await sized('256', '4096')).toMatchObject([{ property: 'memory' }]);
    expect(await sized('1000', '2048')).toMatchObject([{ property: 'memory' }]);
    expect(await t.failures(DEFINITION, 'd', { family: 'a', containerDefinitions: '{' })).toMatchObject([
      { property: 'containerDefinitions', reason: expect.stringContaining('no JSON') },
    ]);
  });

  test('a service whose target group has no listener', async () => {
    const lonely = await group('lonely');
    const definition = await t.create(DEFINITION, 'lonely', {
      family: 'lonely',
      containerDefinitions: containers(),
    });
    await expect(
      t.create(SERVICE, 'lonely', {
        taskDefinition: definition.outputs['arn'],
        desiredCount: 1,
        loadBalancers: [{ targetGroupArn: lonely.id, containerName: 'app', containerPort: 8080 }],
      }),
    ).rejects.toThrow(/does not have an associated load balancer/);
  });
});

describe('what S3 refuses', () => {
  test('names, a lock without versioning, a bucket that is not empty', async () => {
    expect(await t.failures(BUCKET, 'b', { bucket: 'Upper_Case' })).toMatchObject([{ property: 'bucket' }]);
    const plain = await t.create(BUCKET, 'plain', { bucket: 'plain-bucket' });
    const lock = 'aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration';
    const rule = { defaultRetention: { mode: 'GOVERNANCE', days: 1 } };
    await expect(t.create(lock, 'lock', { bucket: plain.id, rule })).rejects.toThrow(
      /versioning must be enabled/,
    );
    const object = await t.create('aws:s3/bucketObjectv2:BucketObjectv2', 'o', {
      bucket: plain.id,
      key: 'a/b.json',
      content: '{}',
    });
    await expect(t.remove(BUCKET, plain)).rejects.toThrow(/not empty/);
    await t.remove('aws:s3/bucketObjectv2:BucketObjectv2', object);
    await t.remove(BUCKET, plain);
    await t.remove(BUCKET, plain);
  });

  test('a bucket made for object lock is versioned and takes its retention', async () => {
    const made = await t.create(BUCKET, 'locked', { objectLockEnabled: true });
    await t.create('aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration', 'lock', {
      bucket: made.id,
      rule: { defaultRetention: { mode: 'COMPLIANCE', years: 1 } },
    });
    expect(t.cloud.s3.bucket(made.id)?.settings()).toMatchObject({
      versioning: 'enabled',
      objectLock: { enabled: true, default: { mode: 'COMPLIANCE', days: 365 } },
    });
  });
});

test('a preview never acts', async () => {
  const before = t.cloud.balancer.groups.size;
  const request = { urn: urnOf(GROUP, 'p'), type: GROUP, timeout: 0, preview: true };
  const made = await t.cloud.provider.create({ ...request, inputs: { name: 'p', port: 1 } });
  expect(made).toEqual({ id: '', outputs: { name: 'p', port: 1 } });
  expect(t.cloud.balancer.groups.size).toBe(before);
});
