import { CloudError } from './options.ts';
import type { BucketStore } from '../provider/types/buckets.ts';
import type { BucketHandle, S3 } from './s3/index.ts';

/** The S3 part as the bucket handlers see it. Objects go through its API, as any client's would. */
export const bucketStore = (
  s3: S3,
): BucketStore & {
  readonly get: (name: string, key: string) => Promise<Buffer>;
} => {
  const bucket = (name: string): BucketHandle => {
    const found = s3.bucket(name);
    if (found === undefined) throw new CloudError('NoSuchBucket', `there is no bucket ${name}`);
    return found;
  };
  const ask = async (
    method: string,
    name: string,
    key: string,
    body: Uint8Array<ArrayBuffer> | null = null,
    contentType = 'application/octet-stream',
  ): Promise<Response> => {
    const path = [name, ...key.split('/')].map(encodeURIComponent).join('/');
    const response = await fetch(`${s3.endpoint}/${path}`, {
      body,
      method,
      // The S3 part wants a signature, but does not check it.
      headers: { 'content-type': contentType, authorization: 'AWS4-HMAC-SHA256 Credential=sandbox' },
    });
    if (!response.ok)
      throw new CloudError(
        'S3Error',
        `${method} ${name}/${key} answered ${response.status}: ${await response.text()}`,
      );
    return response;
  };
  return {
    create: (name, settings) => void s3.createBucket(name, settings),
    delete: (name, options) => {
      if (s3.bucket(name) !== undefined) s3.deleteBucket(name, options);
    },
    exists: (name) => s3.bucket(name) !== undefined,
    settings: (name) => bucket(name).settings(),
    configure: (name, change) => bucket(name).configure(change),
    put: async (name, key, body, contentType) => {
      const response = await ask('PUT', name, key, new Uint8Array(body), contentType);
      return {
        etag: (response.headers.get('etag') ?? '').replaceAll('"', ''),
        versionId: response.headers.get('x-amz-version-id') ?? '',
      };
    },
    get: async (name, key) => Buffer.from(await (await ask('GET', name, key)).arrayBuffer()),
    remove: async (name, key) => {
      if (s3.bucket(name) !== undefined) await ask('DELETE', name, key);
    },
  };
};
