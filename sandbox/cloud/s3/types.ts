export type Algorithm = 'crc32' | 'crc32c' | 'sha1' | 'sha256';
export const ALGORITHMS: readonly Algorithm[] = ['crc32', 'crc32c', 'sha1', 'sha256'];

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';
export interface Retention {
  readonly mode: LockMode;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** One stored version, or a delete marker (`parts` empty, `deleteMarker` true). */
export interface Version {
  readonly id: string;
  readonly key: string;
  /** With quotes, as it goes over the wire; '' for a delete marker. */
  readonly etag: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Files that hold the bytes, in order: one, or one for each part of a multipart upload. */
  readonly parts: readonly { readonly file: string; readonly size: number }[];
  readonly deleteMarker: boolean;
  /** content-type, content-encoding, …: given back as they came. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata, names without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Base64; composite ones end in `-<parts>`. */
  readonly checksums: Readonly<Partial<Record<Algorithm, string>>>;
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE';
  readonly encryption: string;
  retention?: Retention | undefined;
  legalHold?: boolean;
}

export interface LifecycleRule {
  readonly id: string;
  readonly prefix: string;
  readonly enabled: boolean;
  readonly expireAfterDays?: number;
  readonly expireOldVersionsAfterDays?: number;
  readonly abortUploadsAfterDays?: number;
  readonly transitions?: readonly { readonly days: number; readonly storageClass: string }[];
}

/** What a bucket is set to. The sandbox keeps policy, lifecycle and access block and gives them back; it enforces versioning and lock. */
export interface BucketSettings {
  readonly versioning: 'off' | 'enabled' | 'suspended';
  readonly objectLock: {
    readonly enabled: boolean;
    readonly default?: { readonly mode: LockMode; readonly days: number };
  };
  readonly encryption: { readonly algorithm: 'AES256' | 'aws:kms'; readonly kmsKey?: string };
  readonly lifecycle: readonly LifecycleRule[];
  /** Policy document as JSON text. */
  readonly policy: string | undefined;
  readonly publicAccessBlock: {
    readonly blockPublicAcls: boolean;
    readonly ignorePublicAcls: boolean;
    readonly blockPublicPolicy: boolean;
    readonly restrictPublicBuckets: boolean;
  };
  readonly tags: Readonly<Record<string, string>>;
}

export const DEFAULT_SETTINGS: BucketSettings = {
  versioning: 'off',
  objectLock: { enabled: false },
  encryption: { algorithm: 'AES256' },
  lifecycle: [],
  policy: undefined,
  publicAccessBlock: {
    blockPublicAcls: true,
    ignorePublicAcls: true,
    blockPublicPolicy: true,
    restrictPublicBuckets: true,
  },
  tags: {},
};
