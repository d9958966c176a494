import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { noSuchBucket, S3Error } from './errors.ts';
import { type Faults, faultState, flipByte } from './faults.ts';
import { s3Server } from './server.ts';
import { type Bucket, openBucket } from './store.ts';
import type { BucketSettings } from './types.ts';

export type { BucketSettings, LifecycleRule, LockMode } from './types.ts';
export type { Faults } from './faults.ts';
export { S3Error } from './errors.ts';

/** A bucket as the sandbox's handlers use it, without going over HTTP. */
export interface BucketHandle {
  readonly name: string;
  settings(): BucketSettings;
  /** Changes the named settings; throws `S3Error` as the API would. */
  configure(change: Partial<BucketSettings>): void;
  /** Keys with a current version. */
  keys(): readonly string[];
  isEmpty(): boolean;
  /** Flips a byte of the stored object without changing its etag or checksums. */
  corrupt(key: string): void;
}

export interface S3 {
  readonly endpoint: string;
  readonly port: number;
  /** Throws `BucketAlreadyOwnedByYou` (409), `InvalidBucketName` (400), or what a setting is refused with. */
  createBucket(name: string, settings?: Partial<BucketSettings>): BucketHandle;
  /** Throws `BucketNotEmpty` (409) while any version is in it, unless `force`; locked versions stop that, too. */
  deleteBucket(name: string, options?: { readonly force?: boolean }): void;
  bucket(name: string): BucketHandle | undefined;
  readonly faults: Faults;
  /** Stops at once; data stays on disk. */
  close(): Promise<void>;
}

const NAME = /^(?!xn--|sthree-)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]$/;

/**
 * Starts an S3 API on 127.0.0.1 with its data below `directory`. What was there before is served again.
 * Path-style addresses only; any credentials do.
 */
export const startS3 = async (options: {
  readonly directory: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly now?: () => number;
}): Promise<S3> => {
  const now = options.now ?? Date.now;
  mkdirSync(options.directory, { recursive: true });
  const buckets = new Map<string, Bucket>();
  for (const entry of readdirSync(options.directory)) {
    if (existsSync(join(options.directory, entry, 'bucket.json')))
      buckets.set(entry, openBucket(options.directory, entry, now));
  }
  const faults = faultState(now);
  const create = (name: string, settings: Partial<BucketSettings>): Bucket => {
    if (!NAME.test(name)) throw new S3Error(400, 'InvalidBucketName', `${name} is not a valid bucket name.`);
    if (buckets.has(name))
      throw new S3Error(409, 'BucketAlreadyOwnedByYou', `You already own the bucket ${name}.`);
    const bucket = openBucket(options.directory, name, now, settings);
    buckets.set(name, bucket);
    return bucket;
  };
  const remove = (name: string, force: boolean): void => {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    if (force)
      for (const key of bucket.keys())
        for (const version of bucket.versions(key)) bucket.destroyVersion(key, version.id, true);
    if (!bucket.isEmpty())
      throw new S3Error(
        409,
        'BucketNotEmpty',
        `The bucket ${name} is not empty; all versions must go first.`,
      );
    buckets.delete(name);
    rmSync(join(options.directory, name), { recursive: true, force: true });
  };
  const server = s3Server({
    buckets: {
      get: (name) => buckets.get(name),
      all: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      create: (name, lock) =>
        void create(name, lock ? { versioning: 'enabled', objectLock: { enabled: true } } : {}),
      delete: (name) => remove(name, false),
    },
    uploads: new Map(),
    faults,
    now,
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    createBucket: (name, settings = {}) => handle(create(name, settings)),
    deleteBucket: (name, { force = false } = {}) => remove(name, force),
    bucket: (name) => {
      const bucket = buckets.get(name);
      return bucket === undefined ? undefined : handle(bucket);
    },
    faults,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

const handle = (bucket: Bucket): BucketHandle => ({
  name: bucket.name,
  settings: () => bucket.settings(),
  configure: (change) => bucket.configure(change),
  keys: () => bucket.keys().filter((k) => bucket.versions(k)[0]?.deleteMarker === false),
  isEmpty: () => bucket.isEmpty(),
  corrupt: (key) => {
    const [part] = bucket.find(key).parts;
    if (part !== undefined) flipByte(bucket.pathOf(part.file));
  },
});
