import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { refused } from '../../../lib/errors.ts';
import { s3Objects } from '../objects.ts';
import { bucketError, isConflict, isMissing } from '../s3.ts';
import { type BackupMetadata, parseMetadata, serialiseMetadata } from './backup-metadata.ts';

export interface StoredDump {
  readonly etag: string;
  readonly versionId: string | undefined;
  readonly size: number;
}

export interface Lock {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Backups of one environment in a bucket: `<prefix>/backup-<deployment>.sql.gz` and `.json` beside it. */
export interface BackupStore {
  location(deployment: string): string;
  metadata(deployment: string): Promise<BackupMetadata | undefined>;
  /** Deployments with metadata, in byte order of their ids. */
  deployments(): Promise<readonly string[]>;
  stat(deployment: string): Promise<StoredDump | undefined>;
  /**
   * Streams a dump into the bucket. It replaces `instead` and nothing else: refused (exit 3) when another process
   * was faster. An error of the stream leaves no object behind.
   */
  upload(
    deployment: string,
    body: Readable,
    options: {
      instead: StoredDump | undefined;
      expectedBytes: number;
      signal: AbortSignal;
      /** From the start, where it is another one than the bucket's own: a longer one could not be taken back. */
      lock?: Lock | undefined;
    },
  ): Promise<StoredDump>;
  /** The dump as it lies in the bucket: one version of it, where one is named. */
  download(deployment: string, versionId: string | undefined, signal: AbortSignal): Promise<Readable>;
  save(metadata: BackupMetadata, lock: Lock | undefined): Promise<void>;
  /** Locks the dump: nobody deletes that version before the date. */
  lock(deployment: string, dump: StoredDump, lock: Lock): Promise<void>;
}

/** The IAM actions of the calls below, beside those of `objects.ts`. An upload in parts is `PutObject`, too. */
export const ACTIONS = ['s3:AbortMultipartUpload', 's3:GetObjectVersion', 's3:PutObjectRetention'] as const;

/** Parts wait in memory until they are sent; pg_dump, not the network, sets the pace. */
const PART = 5 * 1024 * 1024;
const MOST_PARTS = 9_000;

const lockOf = ({ mode, until }: Lock) => ({
  ObjectLockMode: mode,
  ObjectLockRetainUntilDate: new Date(until),
  ChecksumAlgorithm: 'SHA256' as const,
});

export const backupStore = (client: S3Client, bucket: string, prefix: string): BackupStore => {
  const objects = s3Objects(bucket, client);
  const base = prefix.replaceAll(/^\/+|\/+$/g, '');
  const stem = (deployment: string): string => `${base === '' ? '' : `${base}/`}backup-${deployment}`;
  const dumpKey = (deployment: string): string => `${stem(deployment)}.sql.gz`;
  const metadataKey = (deployment: string): string => `${stem(deployment)}.json`;
  const wrapped = async <T>(doing: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw bucketError(doing, `${bucket}/${base}`, error);
    }
  };
  const stat = async (deployment: string): Promise<StoredDump | undefined> => {
    try {
      const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: dumpKey(deployment) }));
      return { etag: found.ETag ?? '', versionId: found.VersionId, size: found.ContentLength ?? 0 };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  return {
    location: (deployment) => `s3://${bucket}/${dumpKey(deployment)}`,
    metadata: async (deployment) => {
      const found = await objects.get(metadataKey(deployment));
      return found === undefined
        ? undefined
        : parseMetadata(found.body, `s3://${bucket}/${metadataKey(deployment)}`);
    },
    deployments: async () =>
      (await objects.list(stem('')))
        .filter((key) => key.endsWith('.json'))
        .map((key) => key.slice(stem('').length, -'.json'.length)),
    stat: (deployment) => wrapped('looking at', () => stat(deployment)),
    upload: (deployment, body, { instead, expectedBytes, signal, lock }) =>
      wrapped('uploading to', async () => {
        const upload = new Upload({
          client,
          partSize: Math.max(PART, Math.ceil(expectedBytes / MOST_PARTS)),
          queueSize: 2,
          params: {
            Bucket: bucket,
            Key: dumpKey(deployment),
            Body: body,
            ContentType: 'application/gzip',
            Metadata: { deployment },
            ...(instead === undefined ? { IfNoneMatch: '*' } : { IfMatch: instead.etag }),
            ...(lock === undefined ? {} : lockOf(lock)),
          },
        });
        const abort = (): void => void upload.abort();
        signal.addEventListener('abort', abort);
        try {
          const done = await upload.done();
          const found = await stat(deployment);
          if (found === undefined || found.etag !== done.ETag)
            throw new Error('the object that was uploaded is not there');
          return found;
        } catch (error) {
          signal.throwIfAborted();
          if (isConflict(error))
            throw refused(
              `another process has put ${dumpKey(deployment)} there meanwhile`,
              'run it again: it ends at once when the other backup is verified',
              error,
            );
          throw error;
        } finally {
          signal.removeEventListener('abort', abort);
        }
      }),
    download: (deployment, versionId, signal) =>
      wrapped('downloading from', async () => {
        const found = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: dumpKey(deployment),
            ...(versionId === undefined ? {} : { VersionId: versionId }),
          }),
          { abortSignal: signal },
        );
        return found.Body as Readable;
      }),
    save: (metadata, lock) =>
      wrapped('writing', async () => {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: metadataKey(metadata.deployment),
            Body: serialiseMetadata(metadata),
            ContentType: 'application/json',
            ...(lock === undefined ? {} : lockOf(lock)),
          }),
        );
      }),
    lock: (deployment, dump, lock) =>
      wrapped('locking', async () => {
        await client.send(
          new PutObjectRetentionCommand({
            Bucket: bucket,
            Key: dumpKey(deployment),
            ...(dump.versionId === undefined ? {} : { VersionId: dump.versionId }),
            Retention: { Mode: lock.mode, RetainUntilDate: new Date(lock.until) },
          }),
        );
      }),
  };
};
