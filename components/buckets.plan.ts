import type { Buckets as BucketSettings } from '../config/types.ts';
import { badInput, type Problem } from '../lib/errors.ts';
import { bucketName, type Scope } from './names.ts';

const DAY = 86_400_000;

export type BucketKind = 'backup' | 'record' | 'lease';
export const BUCKET_KINDS: readonly BucketKind[] = ['backup', 'record', 'lease'];

export interface PlannedBucket {
  readonly kind: BucketKind;
  readonly name: string;
  /** Object lock: every version is kept for so many days; undefined: none. */
  readonly lock: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number } | undefined;
  readonly lifecycle: readonly LifecycleRule[];
}

export interface LifecycleRule {
  readonly id: string;
  readonly prefix: string;
  /** Days until objects move to cold storage. */
  readonly coldAfter: number | undefined;
  /** Days until objects expire. */
  readonly expireAfter: number | undefined;
  /** Days until replaced versions are deleted. */
  readonly replacedAfter: number;
  /** Days until an upload that was never finished is thrown away. */
  readonly unfinishedAfter: number;
}

export interface BucketsPlanArgs {
  readonly scope: Scope;
  readonly settings: BucketSettings;
  /** How long daily backups are kept, ms. They live below `daily/`. */
  readonly keepDaily: number;
}

/** Part of a day counts as a whole one: kept rather too long than too short. */
const days = (ms: number): number => Math.max(1, Math.ceil(ms / DAY));

const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Backups and records cannot be changed for the retention time. The lease is rewritten every few seconds: a lock
 * would keep every heartbeat, so its bucket has none and drops replaced versions after a day.
 */
export const planBuckets = ({ scope, settings, keepDaily }: BucketsPlanArgs): readonly PlannedBucket[] => {
  const retention = days(settings.retention);
  const lock =
    settings.lock === 'none'
      ? undefined
      : ({ mode: settings.lock === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE', days: retention } as const);
  const cold = days(settings.coldAfter);
  const kept: LifecycleRule = {
    id: 'kept',
    prefix: '',
    // Objects that expire first never get cold: moving them would only cost.
    coldAfter: cold < retention ? cold : undefined,
    expireAfter: retention,
    replacedAfter: retention,
    unfinishedAfter: 7,
  };
  const daily: LifecycleRule = {
    ...kept,
    id: 'daily',
    prefix: 'daily/',
    coldAfter: undefined,
    expireAfter: days(keepDaily),
    replacedAfter: 1,
  };
  const short: LifecycleRule = {
    id: 'replaced',
    prefix: '',
    coldAfter: undefined,
    expireAfter: undefined,
    replacedAfter: 1,
    unfinishedAfter: 1,
  };
  const rules: Record<BucketKind, readonly LifecycleRule[]> = {
    backup: [kept, daily],
    record: [kept],
    lease: [short],
  };
  const planned = BUCKET_KINDS.map((kind) => ({
    kind,
    name: settings[kind] ?? bucketName(scope, kind),
    lock: kind === 'lease' ? undefined : lock,
    lifecycle: rules[kind],
  }));
  refuseBadNames(planned);
  return planned;
};

const refuseBadNames = (planned: readonly PlannedBucket[]): void => {
  const problems: Problem[] = planned
    .filter((b) => !NAME.test(b.name))
    .map((b) => ({
      path: `buckets.${b.kind}`,
      reason: 'no bucket name',
      got: b.name,
      allowed: '3 to 63 characters: a-z, 0-9, - and .',
    }));
  for (const [i, bucket] of planned.entries())
    if (planned.slice(0, i).some((b) => b.name === bucket.name))
      problems.push({
        path: `buckets.${bucket.kind}`,
        reason: 'two buckets have one name',
        got: bucket.name,
      });
  if (problems.length > 0) throw badInput('the buckets cannot be named', problems);
};
