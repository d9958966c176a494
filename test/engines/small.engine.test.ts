import { Subnet } from '@pulumi/aws/ec2/subnet.js';
import { Vpc } from '@pulumi/aws/ec2/vpc.js';
import { TargetGroup } from '@pulumi/aws/lb/targetGroup.js';
import { Bucket } from '@pulumi/aws/s3/bucket.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketVersioning } from '@pulumi/aws/s3/bucketVersioning.js';
import { Parameter } from '@pulumi/aws/ssm/parameter.js';
import { local } from '@pulumi/command';
import { ActionsSecret } from '@pulumi/github';
import * as pulumi from '@pulumi/pulumi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Program } from '../../sandbox/engine/index.ts';
import { leaks, openGround, PLANTED, type Ground } from './ground.ts';
import { drivable, openScenes, playOnBoth, type Chapter, type Scene } from './suite.ts';
import { openEmbedded, openReal } from './updaters.ts';

let grounds: readonly [Ground, Ground];
beforeAll(async () => {
  grounds = await Promise.all([openGround(), openGround()]);
});
afterAll(async () => {
  await Promise.all(grounds.map((g) => g.close()));
});

/** Everything behind the network is made anew when its range changes: first the new, then the old goes. */
const network =
  (cidr: string): Program =>
  async () => {
    const vpc = new Vpc('net', { cidrBlock: cidr });
    const subnet = new Subnet('subnet', { vpcId: vpc.id, cidrBlock: cidr }, { parent: vpc });
    const group = new TargetGroup('group', { port: 80, protocol: 'HTTP', vpcId: vpc.id });
    return { subnet: subnet.id, group: group.arn };
  };
/** A bucket has a name that cannot exist twice: it goes first, with all that is set on it. */
const bucket =
  (objectLockEnabled: boolean): Program =>
  async () => {
    const made = new Bucket('bucket', { bucket: 'azora-engines', objectLockEnabled });
    const versioning = new BucketVersioning('versioning', {
      bucket: made.bucket,
      versioningConfiguration: { status: 'Enabled' },
    });
    const closed = new BucketPublicAccessBlock(
      'closed',
      { bucket: made.bucket, blockPublicAcls: true },
      { dependsOn: versioning },
    );
    return { arn: made.arn, closed: closed.id };
  };
const secrets =
  (text: string): Program =>
  async () => {
    const parameter = new Parameter('parameter', { type: 'SecureString', value: pulumi.secret(text) });
    const command = new local.Command('command', {
      create: 'node cli/sluice.js task noop',
      environment: { TOKEN: pulumi.secret(text), OPEN: 'yes' },
      triggers: [parameter.name],
      logging: 'none',
    });
    // The SDK makes it secret, even from a literal.
    const actions = new ActionsSecret('actions', {
      repository: 'azora',
      secretName: 'TOKEN',
      plaintextValue: text,
    });
    return {
      parameter: parameter.value,
      command: command.id,
      nested: { deep: [parameter.value] },
      actions: actions.id,
    };
  };
const guarded =
  (cidr: string, protect: boolean): Program =>
  async () => ({ id: new Vpc('net', { cidrBlock: cidr }, { protect }).id });
const badGroup: Program = async () => ({
  arn: new TargetGroup('group', { name: 'a-name-that-is-much-longer-than-aws-takes-it', port: 80 }).arn,
});

const then = (name: string, program: Program, more: Partial<Chapter> = {}): Chapter => ({
  name,
  prepare: ({ opened }) => {
    opened.program = drivable(program);
    return undefined;
  },
  ...more,
});
const failing = (name: string, program: Program, urn: string, on: 'create' | 'delete'): Chapter => ({
  ...then(name, program, { ends: 'failed' }),
  prepare: async ({ opened, ground }) => {
    opened.program = drivable(program);
    await ground.fault({ kind: 'resource', on, urn, fail: 'throttled' });
    return undefined;
  },
});

const stories: Readonly<Record<string, readonly Chapter[]>> = {
  'replaced, the new one first': [
    then('made', network('10.0.0.0/16'), { previewed: true }),
    then('another range', network('10.1.0.0/16'), { previewed: true }),
    failing('back, and an old one cannot be deleted', network('10.0.0.0/16'), '*::net', 'delete'),
    then('the same again', network('10.0.0.0/16')),
  ],
  'replaced, the old one first': [
    then('made', bucket(false)),
    failing('with lock, but it cannot be made', bucket(true), '*::bucket', 'create'),
    then('the same again', bucket(true), { except: { operations: /^delete-replaced/ } }),
    then('removed', async () => ({}), { previewed: true }),
  ],
  'secrets stay secret': [
    then('made', secrets(`${PLANTED}-one`), { previewed: true }),
    then('nothing new', secrets(`${PLANTED}-one`)),
    then('changed', secrets(`${PLANTED}-two`), { previewed: true }),
  ],
  'what is protected stays': [
    then('made', guarded('10.0.0.0/16', true)),
    then('removed', async () => ({}), {
      ends: 'failed',
      previewed: true,
      except: { texts: true, stackOutputs: true },
    }),
    then('protection taken off', guarded('10.0.0.0/16', false)),
    then('and removed', async () => ({})),
  ],
  'what AWS would refuse': [
    then('too long a name', badGroup, {
      ends: 'failed',
      except: { texts: true, operations: /::(group|sluice-small5)$/, stackOutputs: true },
    }),
    then('a short one', network('10.0.0.0/16')),
  ],
};

describe('small programs end the same on both engines', () => {
  let count = 0;
  for (const [name, chapters] of Object.entries(stories))
    test(name, async () => {
      const stack = `small${(count += 1)}`;
      const args = (ground: Ground) => ({ ground, stack, program: async () => ({}) });
      const scenes: readonly [Scene, Scene] = await openScenes(grounds, (ground, engine) =>
        engine === 'real' ? openReal(args(ground)) : openEmbedded(args(ground)),
      );
      await playOnBoth(scenes, chapters);
      await scenes[0].opened.close();
    });

  test('state, history, backups of state and stack files of either hold no secret in clear', () => {
    for (const { directory } of grounds) expect(leaks(directory)).toEqual([]);
  });
});
