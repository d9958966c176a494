import { expect, it } from 'vitest';
import { Buckets } from '../../components/buckets.ts';
import { planBuckets } from '../../components/buckets.plan.ts';
import type { Buckets as Settings } from '../../config/types.ts';
import { declared, find, outline, scope } from './declared.ts';

const DAY = 86_400_000;
const settings: Settings = {
  backup: 'azora-backups',
  record: undefined,
  lease: undefined,
  retention: 365 * DAY,
  coldAfter: 30 * DAY,
  lock: 'governance',
};
const args = { scope, settings, keepDaily: 30 * DAY };

it('backups and records are locked, private and kept; the lease is not locked', async () => {
  const list = await declared(() => new Buckets('buckets', args));
  const parts = (kind: string, lock: boolean) => [
    `buckets-${kind} (aws:Bucket) < buckets ! +`,
    `buckets-${kind}-encryption (aws:BucketServerSideEncryptionConfiguration) < buckets ! +`,
    `buckets-${kind}-lifecycle (aws:BucketLifecycleConfiguration) < buckets ! +`,
    ...(lock ? [`buckets-${kind}-lock (aws:BucketObjectLockConfiguration) < buckets ! +`] : []),
    `buckets-${kind}-ownership (aws:BucketOwnershipControls) < buckets ! +`,
    `buckets-${kind}-private (aws:BucketPublicAccessBlock) < buckets ! +`,
    `buckets-${kind}-tls-only (aws:BucketPolicy) < buckets ! +`,
    `buckets-${kind}-versioning (aws:BucketVersioning) < buckets ! +`,
  ];
  expect(outline(list)).toEqual([
    'buckets (sluice:Buckets) <  ! +',
    ...parts('backup', true),
    ...parts('lease', false),
    ...parts('record', true),
  ]);
  expect(find(list, 'buckets-backup').inputs).toMatchObject({
    bucket: 'azora-backups',
    objectLockEnabled: true,
  });
  expect(find(list, 'buckets-lease').inputs).not.toHaveProperty('objectLockEnabled');
  expect(list.every((d) => d.inputs['forceDestroy'] === undefined)).toBe(true);
  expect(find(list, 'buckets-record-lock').inputs['rule']).toEqual({
    defaultRetention: { mode: 'GOVERNANCE', days: 365 },
  });
  expect(find(list, 'buckets-record-lock').after).toContain('buckets-record-versioning');
  expect(find(list, 'buckets-record-private').inputs).toMatchObject({
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  const policy = JSON.parse(String(find(list, 'buckets-record-tls-only').inputs['policy'])) as {
    Statement: object[];
  };
  expect(policy.Statement[0]).toMatchObject({
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  });
});

it('objects move to cold storage and expire when their lock ends; daily backups earlier', () => {
  const [backup, record, lease] = planBuckets(args);
  expect(backup?.lifecycle).toMatchObject([
    { id: 'kept', coldAfter: 30, expireAfter: 365, replacedAfter: 365 },
    { id: 'daily', prefix: 'daily/', coldAfter: undefined, expireAfter: 30 },
  ]);
  expect(record).toMatchObject({ name: 'azora-test-record', lock: { mode: 'GOVERNANCE', days: 365 } });
  expect(lease).toMatchObject({
    name: 'azora-test-lease',
    lock: undefined,
    lifecycle: [{ replacedAfter: 1 }],
  });
});

it('a part of a day is kept as a whole one, and nothing gets cold that expires before', () => {
  const [backup] = planBuckets({ ...args, settings: { ...settings, retention: 2.5 * DAY, lock: 'none' } });
  expect(backup?.lock).toBeUndefined();
  expect(backup?.lifecycle[0]).toMatchObject({ expireAfter: 3, coldAfter: undefined });
});

it('names that S3 does not take, and two buckets of one name, are refused together', () => {
  const wrong = { ...settings, backup: 'Azora_Backups', record: 'one', lease: 'one' };
  expect(() => planBuckets({ ...args, settings: wrong })).toThrow(
    /buckets\.backup: no bucket name \(got Azora_Backups[^]*buckets\.lease: two buckets have one name/,
  );
});
