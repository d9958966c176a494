import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectStore } from '../ports/objects.ts';
import { bucketError, isConflict, isMissing, statusOf } from './s3.ts';

/** The IAM actions of the calls below; `ListBucket` is on the bucket, the others on its objects. */
export const ACTIONS = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket'] as const;

/** Two conditional writes at the same moment may both be told to try again. */
const ATTEMPTS = 5;

/** Small objects in an S3 bucket. Errors other than a condition that did not hold are `ExpectedError`s naming the bucket. */
export const s3Objects = (bucket: string, client: S3Client): ObjectStore => {
  const wrapped = async <T>(doing: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw bucketError(doing, bucket, error);
    }
  };
  const write = async (key: string, body: string, ifMatch: string | null | undefined): Promise<string> => {
    const answer = await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        // An empty text would be taken for a stream of unknown length.
        ContentLength: Buffer.byteLength(body),
        ContentType: key.endsWith('.json') ? 'application/json' : 'text/plain; charset=utf-8',
        ...(ifMatch === null ? { IfNoneMatch: '*' } : ifMatch === undefined ? {} : { IfMatch: ifMatch }),
      }),
    );
    return answer.ETag ?? '';
  };
  return {
    get: (key) =>
      wrapped('reading', async () => {
        try {
          const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
          return { body: (await found.Body?.transformToString()) ?? '', etag: found.ETag ?? '' };
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),
    put: (key, body, ifMatch) =>
      wrapped('writing', async () => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await write(key, body, ifMatch);
          } catch (error) {
            if (isConflict(error) || (typeof ifMatch === 'string' && isMissing(error))) return undefined;
            if (statusOf(error) !== 409 || attempt === ATTEMPTS) throw error;
          }
        }
      }),
    list: (prefix) =>
      wrapped('listing', async () => {
        const keys: string[] = [];
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
          for (const object of page.Contents ?? []) if (object.Key !== undefined) keys.push(object.Key);
        return keys;
      }),
    delete: (key) =>
      wrapped('deleting in', async () => {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      }),
  };
};
