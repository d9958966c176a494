import * as pulumi from '@pulumi/pulumi';
import { Bucket } from '@pulumi/aws/s3/bucket.js';
import { BucketLifecycleConfiguration } from '@pulumi/aws/s3/bucketLifecycleConfiguration.js';
import { BucketObjectLockConfiguration } from '@pulumi/aws/s3/bucketObjectLockConfiguration.js';
import { BucketOwnershipControls } from '@pulumi/aws/s3/bucketOwnershipControls.js';
import { BucketPolicy } from '@pulumi/aws/s3/bucketPolicy.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketServerSideEncryptionConfiguration } from '@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js';
import { BucketVersioning } from '@pulumi/aws/s3/bucketVersioning.js';
import type { Buckets as BucketSettings } from '../config/types.ts';
import { planBuckets, type BucketKind, type LifecycleRule, type PlannedBucket } from './buckets.plan.ts';
import { tagsOf, type Scope } from './names.ts';

export interface BucketsArgs {
  readonly scope: Scope;
  readonly settings: BucketSettings;
  /** How long daily backups are kept, ms. */
  readonly keepDaily: number;
}

/**
 * Where backups, records and the lease live. Protected as a whole: a destroy that goes around protected resources
 * would otherwise strip a bucket of its versioning and its public-access block.
 */
export class Buckets extends pulumi.ComponentResource {
  readonly names: Readonly<Record<BucketKind, pulumi.Output<string>>>;
  /** Ready for objects: versioning and lock are on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: BucketsArgs, opts?: pulumi.ComponentResourceOptions) {
    const kept = { protect: true, retainOnDelete: true };
    super('sluice:components:Buckets', name, {}, pulumi.mergeOptions(opts, kept));
    const ready: pulumi.Resource[] = [];
    const names: Partial<Record<BucketKind, pulumi.Output<string>>> = {};
    for (const planned of planBuckets(args))
      names[planned.kind] = this.declareBucket(`${name}-${planned.kind}`, planned, args.scope, ready);
    const of = (kind: BucketKind) => names[kind] ?? pulumi.output('');
    this.names = { backup: of('backup'), record: of('record'), lease: of('lease') };
    this.ready = ready;
    this.registerOutputs({ names: this.names });
  }

  private declareBucket(
    name: string,
    planned: PlannedBucket,
    scope: Scope,
    ready: pulumi.Resource[],
  ): pulumi.Output<string> {
    const child = { parent: this };
    const made = new Bucket(
      name,
      {
        bucket: planned.name,
        ...(planned.lock === undefined ? {} : { objectLockEnabled: true }),
        tags: { ...tagsOf(scope), purpose: planned.kind },
      },
      child,
    );
    const bucket = made.bucket;
    const versioning = new BucketVersioning(
      `${name}-versioning`,
      { bucket, versioningConfiguration: { status: 'Enabled' } },
      child,
    );
    new BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      { bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
      child,
    );
    new BucketOwnershipControls(
      `${name}-ownership`,
      { bucket, rule: { objectOwnership: 'BucketOwnerEnforced' } },
      child,
    );
    const closed = new BucketPublicAccessBlock(
      `${name}-private`,
      {
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    );
    // S3 refuses two changes of one bucket's access at a time.
    new BucketPolicy(
      `${name}-tls-only`,
      { bucket, policy: made.arn.apply(tlsOnly) },
      pulumi.mergeOptions(child, { dependsOn: [closed] }),
    );
    const afterVersioning = pulumi.mergeOptions(child, { dependsOn: [versioning] });
    ready.push(versioning);
    if (planned.lock !== undefined)
      ready.push(
        new BucketObjectLockConfiguration(
          `${name}-lock`,
          { bucket, rule: { defaultRetention: { mode: planned.lock.mode, days: planned.lock.days } } },
          afterVersioning,
        ),
      );
    new BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      { bucket, rules: planned.lifecycle.map(lifecycleRule) },
      afterVersioning,
    );
    return bucket;
  }
}

const lifecycleRule = (rule: LifecycleRule) => ({
  id: rule.id,
  status: 'Enabled',
  filter: { prefix: rule.prefix },
  ...(rule.coldAfter === undefined
    ? {}
    : { transitions: [{ days: rule.coldAfter, storageClass: 'GLACIER' }] }),
  ...(rule.expireAfter === undefined ? {} : { expiration: { days: rule.expireAfter } }),
  noncurrentVersionExpiration: { noncurrentDays: rule.replacedAfter },
  abortIncompleteMultipartUpload: { daysAfterInitiation: rule.unfinishedAfter },
});

const tlsOnly = (arn: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
