import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { s3Client } from '../../release/adapters/s3.ts';
import { emptyRelease } from '../../release/core/release.ts';
import { D1 } from '../support/releases.ts';
import { checkout } from './cli.ts';
import { azoraConfig, openGround, type Ground } from './ground.ts';
import { azora } from './program.ts';
import { openReal } from './updaters.ts';

const config = azoraConfig('production');
const BUCKETS = ['azora-backups', 'azora-production-record'];

let ground: Ground;
let s3: S3Client;
beforeAll(async () => {
  ground = await openGround();
  s3 = s3Client(ground.sandbox.environment());
});
afterAll(() => ground.close());

/** Everything that guards a bucket, and what lies in it, as S3 has it. */
const guards = async (Bucket: string): Promise<Record<string, unknown>> => {
  const [versioning, lock, closed, policy, lifecycle, objects] = await Promise.all([
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    s3.send(new GetObjectLockConfigurationCommand({ Bucket })),
    s3.send(new GetPublicAccessBlockCommand({ Bucket })),
    s3.send(new GetBucketPolicyCommand({ Bucket })),
    s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
    s3.send(new ListObjectsV2Command({ Bucket })),
  ]);
  return {
    versioning: versioning.Status,
    lock: lock.ObjectLockConfiguration,
    closed: closed.PublicAccessBlockConfiguration,
    policy: policy.Policy,
    lifecycle: lifecycle.Rules,
    objects: (objects.Contents ?? []).map((o) => [o.Key, o.ETag]),
  };
};
const all = async (): Promise<Record<string, unknown>> =>
  Object.fromEntries(await Promise.all(BUCKETS.map(async (b) => [b, await guards(b)] as const)));

test('no destroy takes the backup and record buckets, nor anything that guards them', async () => {
  const it = await openReal({
    ground,
    stack: 'production',
    program: azora,
    config,
  });
  // The ground alone: what is destroyed beside it is not what this is about.
  await it.updater.up(emptyRelease(D1), { onEvent: () => undefined });
  await it.close();
  const before = await all();
  expect(before['azora-backups']).toMatchObject({
    versioning: 'Enabled',
    lock: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 365 } } },
    closed: { BlockPublicAcls: true, RestrictPublicBuckets: true },
  });
  expect(before['azora-production-record']).toMatchObject({
    objects: [['releases/production/0.json', expect.any(String)]],
  });
  const hand = checkout(ground, config);
  const refused = await hand.pulumi('destroy', '--yes');
  expect(refused.code).not.toBe(0);
  expect(refused.text).toContain('protect');
  expect(await all()).toEqual(before);

  const ways: readonly (readonly string[])[] = [
    ['--target', '**buckets-backup-versioning', '--target', '**buckets-backup-private', '--skip-preview'],
    ['--target', '**::buckets', '--target-dependents', '--skip-preview'],
    ['--exclude-protected', '--skip-preview'],
    ['--skip-preview'],
    ['--skip-preview', '--continue-on-error', '--refresh'],
  ];
  for (const way of ways) {
    await hand.pulumi('destroy', '--yes', ...way);
    expect([way, await all()]).toEqual([way, before]);
  }

  // They did destroy: everything else is gone.
  expect(await ground.sandbox.status()).toMatchObject({ loadBalancers: [], listeners: [] });

  // Even where somebody takes the protection off on purpose, the cloud keeps them: they only leave the state.
  const unprotected = await checkout(ground, config).pulumi('state', 'unprotect', '--all', '--yes');
  expect(unprotected.code).toBe(0);
  const last = await hand.pulumi('destroy', '--yes', '--skip-preview');
  expect([last.code, last.text]).toEqual([0, expect.any(String)]);
  expect(await all()).toEqual(before);
});
