import { createHash } from 'node:crypto';

/** Names and tags of cloud resources: pure, stable, and within the limits of AWS. */

export interface Scope {
  readonly application: string;
  readonly environment: string;
}

/** Longest names, in characters, as AWS has them. */
export const LIMITS = {
  loadBalancer: 32,
  targetGroup: 32,
  bucket: 63,
  role: 64,
  securityGroup: 255,
  cluster: 255,
  family: 255,
} as const;

const HASH = 8;

export const shortHash = (text: string, length: number = HASH): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

/**
 * The parts joined by `-`. Too long a name keeps its beginning and gets a hash of the whole, so that two long
 * names never meet.
 */
export const cloudName = (limit: number, ...parts: readonly string[]): string => {
  const full = parts.join('-');
  if (full.length <= limit) return full;
  return `${full.slice(0, limit - HASH - 1).replace(/-+$/, '')}-${shortHash(full)}`;
};

/**
 * A name that also changes with `identity`: with whatever forces a replacement. The new resource is made before
 * the old one goes, and a fixed name would be taken at that moment.
 */
export const identifiedName = (limit: number, identity: string, ...parts: readonly string[]): string => {
  const suffix = shortHash(identity, 5);
  return `${cloudName(limit - suffix.length - 1, ...parts)}-${suffix}`;
};

export const bucketName = (scope: Scope, kind: string): string =>
  cloudName(LIMITS.bucket, scope.application, scope.environment, kind);

export type Tags = Readonly<Record<string, string>>;

/** Tags of everything that is made here; more of them where a resource belongs to a slot or a service. */
export const tagsOf = (
  scope: Scope,
  more: { readonly service?: string; readonly slot?: string; readonly version?: string } = {},
): Tags => ({
  application: scope.application,
  environment: scope.environment,
  'managed-by': 'sluice',
  ...more,
});
