import { receiveText } from './body.ts';
import { answer, answerText, answerXml, bypasses, type Call, needed } from './call.ts';
import { invalidArgument, malformedXml, noSuchKey, S3Error } from './errors.ts';
import { readRetention, refuseWeaker } from './lock.ts';
import type { BucketSettings, LifecycleRule, LockMode, Version } from './types.ts';
import { all, type Element, one, parseXml, textOf, type XmlValue } from './xml.ts';

/** One kind of bucket configuration: how it is shown, read and taken away. */
interface Configuration {
  readonly root: string;
  /** undefined: there is none, answered with `missing`. */
  readonly show: (settings: BucketSettings) => { readonly [element: string]: XmlValue } | undefined;
  readonly read: (document: Element) => Partial<BucketSettings>;
  readonly cleared?: Partial<BucketSettings>;
  readonly missing?: string;
}

const flagOf = (element: Element, name: string): boolean => textOf(element, name) === 'true';
const days = (element: Element | undefined, ...path: string[]): number | undefined => {
  const text = textOf(element, ...path);
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw invalidArgument(`${path.join('/')} is no number of days.`);
  return Number(text);
};
const lockMode = (text: string | undefined): LockMode => {
  if (text !== 'GOVERNANCE' && text !== 'COMPLIANCE') throw malformedXml();
  return text;
};

const readRule = (element: Element): LifecycleRule => {
  const expire = days(element, 'Expiration', 'Days');
  const old = days(element, 'NoncurrentVersionExpiration', 'NoncurrentDays');
  const abort = days(element, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation');
  const transitions = all(element, 'Transition').map((t) => ({
    days: days(t, 'Days') ?? 0,
    storageClass: textOf(t, 'StorageClass') ?? '',
  }));
  return {
    id: textOf(element, 'ID') ?? '',
    prefix: textOf(element, 'Filter', 'Prefix') ?? textOf(element, 'Prefix') ?? '',
    enabled: textOf(element, 'Status') === 'Enabled',
    ...(expire === undefined ? {} : { expireAfterDays: expire }),
    ...(old === undefined ? {} : { expireOldVersionsAfterDays: old }),
    ...(abort === undefined ? {} : { abortUploadsAfterDays: abort }),
    ...(transitions.length === 0 ? {} : { transitions }),
  };
};
const showRule = (rule: LifecycleRule): XmlValue => ({
  ID: rule.id,
  Filter: { Prefix: rule.prefix },
  Status: rule.enabled ? 'Enabled' : 'Disabled',
  Transition: (rule.transitions ?? []).map((t) => ({ Days: t.days, StorageClass: t.storageClass })),
  Expiration: rule.expireAfterDays === undefined ? undefined : { Days: rule.expireAfterDays },
  NoncurrentVersionExpiration:
    rule.expireOldVersionsAfterDays === undefined
      ? undefined
      : { NoncurrentDays: rule.expireOldVersionsAfterDays },
  AbortIncompleteMultipartUpload:
    rule.abortUploadsAfterDays === undefined
      ? undefined
      : { DaysAfterInitiation: rule.abortUploadsAfterDays },
});

const readLock = (document: Element): BucketSettings['objectLock'] => {
  const rule = one(document, 'Rule', 'DefaultRetention');
  const years = days(rule, 'Years');
  const count = days(rule, 'Days') ?? (years === undefined ? undefined : years * 365);
  if (textOf(document, 'ObjectLockEnabled') !== 'Enabled') throw malformedXml();
  if (rule === undefined) return { enabled: true };
  if (count === undefined) throw malformedXml();
  return { enabled: true, default: { mode: lockMode(textOf(rule, 'Mode')), days: count } };
};

const ACCESS_BLOCK = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

const CONFIGURATIONS: Readonly<Record<string, Configuration>> = {
  versioning: {
    root: 'VersioningConfiguration',
    show: (s) => ({ Status: { off: undefined, enabled: 'Enabled', suspended: 'Suspended' }[s.versioning] }),
    read: (d) => {
      const status = textOf(d, 'Status');
      if (status !== 'Enabled' && status !== 'Suspended') throw malformedXml();
      return { versioning: status === 'Enabled' ? 'enabled' : 'suspended' };
    },
  },
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    show: (s) => ({
      Rule: {
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm: s.encryption.algorithm,
          KMSMasterKeyID: s.encryption.kmsKey,
        },
      },
    }),
    read: (d) => {
      const rule = one(d, 'Rule', 'ApplyServerSideEncryptionByDefault');
      const algorithm = textOf(rule, 'SSEAlgorithm');
      const kmsKey = textOf(rule, 'KMSMasterKeyID');
      if (algorithm !== 'AES256' && algorithm !== 'aws:kms') throw malformedXml();
      return { encryption: { algorithm, ...(kmsKey === undefined ? {} : { kmsKey }) } };
    },
    cleared: { encryption: { algorithm: 'AES256' } },
  },
  lifecycle: {
    root: 'LifecycleConfiguration',
    show: (s) => (s.lifecycle.length === 0 ? undefined : { Rule: s.lifecycle.map(showRule) }),
    read: (d) => ({ lifecycle: all(d, 'Rule').map(readRule) }),
    cleared: { lifecycle: [] },
    missing: 'NoSuchLifecycleConfiguration',
  },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    show: ({ publicAccessBlock: b }) =>
      Object.values(b).some(Boolean)
        ? {
            BlockPublicAcls: b.blockPublicAcls,
            IgnorePublicAcls: b.ignorePublicAcls,
            BlockPublicPolicy: b.blockPublicPolicy,
            RestrictPublicBuckets: b.restrictPublicBuckets,
          }
        : undefined,
    read: (d) => ({
      publicAccessBlock: {
        blockPublicAcls: flagOf(d, 'BlockPublicAcls'),
        ignorePublicAcls: flagOf(d, 'IgnorePublicAcls'),
        blockPublicPolicy: flagOf(d, 'BlockPublicPolicy'),
        restrictPublicBuckets: flagOf(d, 'RestrictPublicBuckets'),
      },
    }),
    cleared: { publicAccessBlock: ACCESS_BLOCK },
    missing: 'NoSuchPublicAccessBlockConfiguration',
  },
  'object-lock': {
    root: 'ObjectLockConfiguration',
    show: ({ objectLock: lock }) =>
      lock.enabled
        ? {
            ObjectLockEnabled: 'Enabled',
            Rule:
              lock.default === undefined
                ? undefined
                : { DefaultRetention: { Mode: lock.default.mode, Days: lock.default.days } },
          }
        : undefined,
    read: (d) => ({ objectLock: readLock(d) }),
    missing: 'ObjectLockConfigurationNotFoundError',
  },
  tagging: {
    root: 'Tagging',
    show: (s) =>
      Object.keys(s.tags).length === 0
        ? undefined
        : { TagSet: { Tag: Object.entries(s.tags).map(([Key, Value]) => ({ Key, Value })) } },
    read: (d) => ({
      tags: Object.fromEntries(
        all(one(d, 'TagSet'), 'Tag').map((t) => [textOf(t, 'Key') ?? '', textOf(t, 'Value') ?? '']),
      ),
    }),
    cleared: { tags: {} },
    missing: 'NoSuchTagSet',
  },
};

/** Answers a call such as `GET /bucket?versioning`; false when the query names no configuration. */
export const configureBucket = async (call: Call): Promise<boolean> => {
  if (call.query.has('policy')) {
    await policy(call);
    return true;
  }
  const name = Object.keys(CONFIGURATIONS).find((n) => call.query.has(n));
  const configuration = name === undefined ? undefined : CONFIGURATIONS[name];
  if (configuration === undefined) return false;
  const { bucket } = call;
  if (call.method === 'GET') {
    const shown = configuration.show(bucket.settings());
    if (shown === undefined)
      throw new S3Error(404, configuration.missing ?? 'NotFound', `The bucket has no ${configuration.root}.`);
    answerXml(call, configuration.root, shown);
  } else if (call.method === 'PUT') {
    bucket.configure(configuration.read(parseXml(await receiveText(call.request))));
    answer(call, 200);
  } else if (call.method === 'DELETE' && configuration.cleared !== undefined) {
    bucket.configure(configuration.cleared);
    answer(call, 204);
  } else {
    throw new S3Error(405, 'MethodNotAllowed', `${call.method} is not allowed here.`);
  }
  return true;
};

const policy = async (call: Call): Promise<void> => {
  const { bucket } = call;
  if (call.method === 'PUT') {
    bucket.configure({ policy: await receiveText(call.request, 20_480) });
    answer(call, 204);
  } else if (call.method === 'DELETE') {
    bucket.configure({ policy: undefined });
    answer(call, 204);
  } else {
    const text = bucket.settings().policy;
    if (text === undefined) throw new S3Error(404, 'NoSuchBucketPolicy', 'The bucket policy does not exist.');
    answerText(call, text, {}, 'application/json');
  }
};

/** `?retention` and `?legal-hold` of one object version. */
export const configureObject = async (call: Call): Promise<boolean> => {
  const retention = call.query.has('retention');
  if (!retention && !call.query.has('legal-hold')) return false;
  const version = call.bucket.find(call.key, call.query.get('versionId') ?? undefined);
  if (version.deleteMarker) throw noSuchKey(call.key);
  if (!call.bucket.settings().objectLock.enabled)
    throw new S3Error(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if (call.method === 'GET') showLock(call, version, retention);
  else if (call.method === 'PUT') await changeLock(call, version, retention);
  else throw new S3Error(405, 'MethodNotAllowed', `${call.method} is not allowed here.`);
  return true;
};

const showLock = (call: Call, version: Version, retention: boolean): void => {
  if (!retention) {
    answerXml(call, 'LegalHold', { Status: version.legalHold === true ? 'ON' : 'OFF' });
  } else if (version.retention === undefined) {
    throw new S3Error(404, 'NoSuchObjectLockConfiguration', 'The object has no retention.');
  } else {
    answerXml(call, 'Retention', {
      Mode: version.retention.mode,
      RetainUntilDate: new Date(version.retention.until).toISOString(),
    });
  }
};

const changeLock = async (call: Call, version: Version, retention: boolean): Promise<void> => {
  const document = parseXml(await receiveText(call.request));
  if (retention) {
    const mode = textOf(document, 'Mode');
    const next =
      mode === undefined
        ? undefined
        : readRetention(mode, needed(textOf(document, 'RetainUntilDate'), 'RetainUntilDate'), call.now());
    refuseWeaker(version, next, bypasses(call), call.now());
    version.retention = next;
  } else {
    version.legalHold = textOf(document, 'Status') === 'ON';
  }
  call.bucket.save(call.key);
  answer(call, 200);
};
