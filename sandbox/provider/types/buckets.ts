import { CloudError } from '../../cloud/options.ts';
import type { BucketSettings, LifecycleRule } from '../../cloud/s3/index.ts';
import type { CheckFailure, Props } from '../contract.ts';
import { iam, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { flag, number, object, objects, text } from '../values.ts';

/** What the handlers need of the S3 part. */
export interface BucketStore {
  create(name: string, settings: Partial<BucketSettings>): void;
  /** `force`: with everything in it. A bucket that is not there is gone. Throws `BucketNotEmpty`. */
  delete(name: string, options: { force: boolean }): void;
  exists(name: string): boolean;
  settings(name: string): BucketSettings;
  configure(name: string, change: Partial<BucketSettings>): void;
  put(
    bucket: string,
    key: string,
    body: Buffer,
    contentType: string | undefined,
  ): Promise<{ etag: string; versionId: string }>;
  remove(bucket: string, key: string): Promise<void>;
}

const BUCKET_NAME = /^(?!xn--|.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const bucketNameFailures = (inputs: Props): CheckFailure[] => {
  const name = text(inputs, 'bucket');
  return name === undefined || BUCKET_NAME.test(name)
    ? []
    : [
        {
          property: 'bucket',
          reason: `'${name}': allowed are 3 to 63 lower-case letters, digits, dots and hyphens`,
        },
      ];
};

export const bucket = (store: BucketStore, ids: Identity): Handler => ({
  autoName: { property: 'bucket', max: 63 },
  defaults: { forceDestroy: false },
  replaces: ['bucket', 'bucketPrefix', 'objectLockEnabled'],
  actions: iam(
    's3',
    'CreateBucket PutBucketTagging PutBucketObjectLockConfiguration',
    'ListBucket GetBucketTagging GetBucketLocation',
    'PutBucketTagging',
    'DeleteBucket',
  ),
  validate: bucketNameFailures,
  create: (inputs) => {
    const name = text(inputs, 'bucket') ?? '';
    const locked = flag(inputs, 'objectLockEnabled') ?? false;
    // S3 turns versioning on for a bucket that is made for object lock.
    store.create(name, locked ? { versioning: 'enabled', objectLock: { enabled: true } } : {});
    return {
      id: name,
      outputs: {
        ...inputs,
        arn: ids.globalArn('s3', name),
        bucketDomainName: `${name}.s3.amazonaws.com`,
        bucketRegionalDomainName: `${name}.s3.${ids.region}.amazonaws.com`,
        hostedZoneId: 'Z21DNDUVLTQW6Q',
        region: ids.region,
      },
    };
  },
  delete: ({ id, outputs }) => store.delete(id, { force: flag(outputs, 'forceDestroy') ?? false }),
  read: ({ id, inputs, outputs }) => ({ id: store.exists(id) ? id : '', inputs, outputs }),
});

/** A setting that belongs to one bucket: its id is the bucket's name. */
const setting = (
  store: BucketStore,
  action: string,
  change: (inputs: Props, now: BucketSettings, name: string) => Partial<BucketSettings>,
  undone: Partial<BucketSettings>,
): Handler => {
  const apply = (name: string, inputs: Props): void =>
    store.configure(name, change(inputs, store.settings(name), name));
  return {
    required: ['bucket'],
    replaces: ['bucket'],
    actions: iam('s3', `Put${action}`, `Get${action}`, `Put${action}`, `Put${action}`),
    create: (inputs) => {
      const name = text(inputs, 'bucket') ?? '';
      apply(name, inputs);
      return { id: name, outputs: { ...inputs } };
    },
    update: (news, { id, olds }) => {
      apply(id, news);
      return { ...olds, ...news };
    },
    delete: ({ id }) => {
      if (store.exists(id)) store.configure(id, undone);
    },
    read: ({ id, inputs, outputs }) => ({ id: store.exists(id) ? id : '', inputs, outputs }),
  };
};

/** A setting that this cloud keeps in state only. */
export const keptSetting = (store: BucketStore, action: string): Handler =>
  setting(store, action, () => ({}), {});

const STATUS: Readonly<Record<string, BucketSettings['versioning']>> = {
  Enabled: 'enabled',
  Suspended: 'suspended',
};

/** Undone it stays as it is: S3 cannot take versioning away again, and a locked bucket refuses to suspend it. */
export const versioning = (store: BucketStore): Handler =>
  setting(
    store,
    'BucketVersioning',
    (inputs) => ({
      versioning: STATUS[text(object(inputs, 'versioningConfiguration') ?? {}, 'status') ?? ''] ?? 'off',
    }),
    {},
  );

export const objectLock = (store: BucketStore): Handler =>
  setting(
    store,
    'BucketObjectLockConfiguration',
    (inputs, now, name) => {
      if (now.versioning !== 'enabled')
        throw new CloudError(
          'InvalidBucketState',
          `versioning must be enabled on bucket ${name} to apply an object lock configuration`,
        );
      return { objectLock: retentionOf(inputs) };
    },
    // The lock itself stays for good, only the default retention goes.
    { objectLock: { enabled: true } },
  );

const retentionOf = (inputs: Props): BucketSettings['objectLock'] => {
  const retention = object(object(inputs, 'rule') ?? {}, 'defaultRetention');
  if (retention === undefined) return { enabled: true };
  const days = number(retention, 'days') ?? (number(retention, 'years') ?? 0) * 365;
  const mode = text(retention, 'mode');
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw new CloudError(
      'MalformedXML',
      `retention mode '${mode ?? ''}': allowed are GOVERNANCE and COMPLIANCE`,
    );
  return { enabled: true, default: { mode, days } };
};

export const policy = (store: BucketStore): Handler =>
  setting(store, 'BucketPolicy', (inputs) => ({ policy: text(inputs, 'policy') }), { policy: undefined });

const CLOSED = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

export const publicAccessBlock = (store: BucketStore): Handler =>
  setting(
    store,
    'BucketPublicAccessBlock',
    (inputs) => ({
      publicAccessBlock: {
        blockPublicAcls: flag(inputs, 'blockPublicAcls') ?? false,
        ignorePublicAcls: flag(inputs, 'ignorePublicAcls') ?? false,
        blockPublicPolicy: flag(inputs, 'blockPublicPolicy') ?? false,
        restrictPublicBuckets: flag(inputs, 'restrictPublicBuckets') ?? false,
      },
    }),
    { publicAccessBlock: CLOSED },
  );

const daysOf = (rule: Props, key: string, days: string): number | undefined =>
  number(object(rule, key) ?? {}, days);

const lifecycleRule = (rule: Props): LifecycleRule => {
  const expire = daysOf(rule, 'expiration', 'days');
  const old = daysOf(rule, 'noncurrentVersionExpiration', 'noncurrentDays');
  const abort = daysOf(rule, 'abortIncompleteMultipartUpload', 'daysAfterInitiation');
  return {
    id: text(rule, 'id') ?? '',
    prefix: text(object(rule, 'filter') ?? rule, 'prefix') ?? '',
    enabled: text(rule, 'status') === 'Enabled',
    ...(expire === undefined ? {} : { expireAfterDays: expire }),
    ...(old === undefined ? {} : { expireOldVersionsAfterDays: old }),
    ...(abort === undefined ? {} : { abortUploadsAfterDays: abort }),
    transitions: objects(rule, 'transitions').map((t) => ({
      days: number(t, 'days') ?? 0,
      storageClass: text(t, 'storageClass') ?? '',
    })),
  };
};

export const lifecycle = (store: BucketStore): Handler =>
  setting(
    store,
    'LifecycleConfiguration',
    (inputs) => ({ lifecycle: objects(inputs, 'rules').map(lifecycleRule) }),
    { lifecycle: [] },
  );

const contentOf = (inputs: Props): Buffer => {
  const encoded = text(inputs, 'contentBase64');
  if (encoded !== undefined) return Buffer.from(encoded, 'base64');
  const content = text(inputs, 'content');
  if (content !== undefined) return Buffer.from(content);
  const asset = object(inputs, 'source');
  const inline = asset === undefined ? undefined : text(asset, 'text');
  if (inline !== undefined) return Buffer.from(inline);
  throw new CloudError(
    'InvalidRequest',
    'the sandbox takes an object from `content`, `contentBase64` or a text asset',
  );
};

export const bucketObject = (store: BucketStore, ids: Identity): Handler => {
  const put = async (inputs: Props): Promise<Props> => {
    const [name, key] = [text(inputs, 'bucket') ?? '', text(inputs, 'key') ?? ''];
    const stored = await store.put(name, key, contentOf(inputs), text(inputs, 'contentType'));
    return {
      ...inputs,
      etag: stored.etag,
      versionId: stored.versionId,
      arn: ids.globalArn('s3', `${name}/${key}`),
    };
  };
  return {
    required: ['bucket'],
    replaces: ['bucket', 'key'],
    actions: iam(
      's3',
      'PutObject PutObjectTagging',
      'GetObject GetObjectTagging',
      'PutObject PutObjectTagging',
      'DeleteObject DeleteObjectVersion',
    ),
    create: async (inputs, { name }) => {
      const outputs = await put({ ...inputs, key: inputs['key'] ?? name });
      return { id: `${String(outputs['bucket'])}/${String(outputs['key'])}`, outputs };
    },
    update: async (news, { olds }) => ({
      ...olds,
      ...(await put({ ...news, key: news['key'] ?? olds['key'] })),
    }),
    delete: ({ outputs }) => store.remove(text(outputs, 'bucket') ?? '', text(outputs, 'key') ?? ''),
  };
};
