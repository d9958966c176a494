import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import type { ObjectStore } from '../ports/objects.ts';

/** A client with timeouts and the SDK's own credentials, retries with jitter and region; path-style for local endpoints. */
export const s3Client = (settings: {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}): S3Client =>
  new S3Client({
    ...settings,
    forcePathStyle: settings.endpoint !== undefined,
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000 },
  });

const isStatus = (error: unknown, ...codes: readonly number[]): boolean =>
  error instanceof S3ServiceException && codes.includes(error.$metadata.httpStatusCode ?? 0);

/** Small objects of one S3 bucket, with compare-and-set by ETag. */
export const bucketObjects = (client: S3Client, bucket: string): ObjectStore => ({
  get: async (key) => {
    try {
      const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return { body: (await found.Body?.transformToString()) ?? '', etag: found.ETag ?? '' };
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  },
  put: async (key, body, ifMatch) => {
    const condition =
      ifMatch === undefined ? {} : ifMatch === null ? { IfNoneMatch: '*' } : { IfMatch: ifMatch };
    try {
      const put = { Bucket: bucket, Key: key, Body: body, ContentType: contentType(key), ...condition };
      return (await client.send(new PutObjectCommand(put))).ETag ?? '';
    } catch (error) {
      // 409: another conditional write was under way; 404: the object that should match is gone.
      const lost = ifMatch !== undefined && isStatus(error, 412, 409, ...(ifMatch === null ? [] : [404]));
      if (lost) return undefined;
      throw error;
    }
  },
  list: async (prefix) => {
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
      keys.push(...(page.Contents ?? []).flatMap((o) => (o.Key === undefined ? [] : [o.Key])));
    return keys;
  },
  delete: async (key) => {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  },
});

const contentType = (key: string): string => {
  if (key.endsWith('.json')) return 'application/json';
  return key.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'text/plain; charset=utf-8';
};
