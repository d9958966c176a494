import { CloudError } from './options.ts';
import type { BucketStore } from '../provider/types/buckets.ts';
import type { BucketHandle, S3 } from './s3/index.ts';

/** The S3 part as the bucket handlers see it. Objects go through its API, as any client's would. */
export const bucketStore = (s3: S3): BucketStore => {
  const bucket = (name: string): BucketHandle => {
    const found = s3.bucket(name);
    if (found === undefined) throw new CloudError('NoSuchBucket', `there is no bucket ${name}`);
    return found;
  };
  const ask = async (method: string, name: string, key: string, init: RequestInit = {}): Promise<Response> => {
    const path = [name, ...key.split('/')].map(encodeURIComponent).join('/');
    const response = await fetch(`${s3.endpoint}/${path}`, {
      ...init,
      method,
      // The S3 part wants a signature, but does not check it.
      headers: { ...init.headers, authorization: 'AWS4-HMAC-SHA256 Credential=sandbox' },
    });
    if (!response.ok)
      throw new CloudError('S3Error', `${method} ${name}/${key} answered ${response.status}: ${await response.text()}`);
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
      const headers = { 'content-type': contentType ?? 'application/octet-stream' };
      const response = await ask('PUT', name, key, { body: new Uint8Array(body), headers });
      return {
        etag: (response.headers.get('etag') ?? '').replaceAll('"', ''),
        versionId: response.headers.get('x-amz-version-id') ?? '',
      };
    },
    remove: async (name, key) => {
      if (s3.bucket(name) !== undefined) await ask('DELETE', name, key);
    },
  };
};
