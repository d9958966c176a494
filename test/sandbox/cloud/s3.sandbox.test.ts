import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type S3, startS3 } from '../../../sandbox/cloud/s3/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-s3-'));
const CREDENTIALS = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };
let s3: S3;
let client: S3Client;
let next = 0;
let Bucket = '';

const connect = (endpoint: string, maxAttempts = 1): S3Client =>
  new S3Client({
    endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: CREDENTIALS,
    maxAttempts,
  });
const refused = async (call: Promise<unknown>): Promise<{ status: number | undefined; code: string }> => {
  try {
    await call;
  } catch (error) {
    const e = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return { status: e.$metadata?.httpStatusCode, code: e.name };
  }
  return { status: 200, code: 'not refused' };
};
const put = (Key: string, Body: string | Uint8Array, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const text = async (Key: string, more: object = {}): Promise<string> =>
  (await (await client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body?.transformToString()) ?? '';

beforeAll(async () => {
  s3 = await startS3({ directory });
  client = connect(s3.endpoint);
});
afterAll(async () => {
  client.destroy();
  await s3.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  s3.faults.clear();
  Bucket = `bucket-${next++}`;
  s3.createBucket(Bucket);
});

describe('buckets', () => {
  it('are made, listed, found and deleted', async () => {
    await client.send(new CreateBucketCommand({ Bucket: `${Bucket}-b` }));
    const names = (await client.send(new ListBucketsCommand({}))).Buckets?.map((b) => b.Name);
    expect(names).toContain(`${Bucket}-b`);
    expect(await refused(client.send(new CreateBucketCommand({ Bucket })))).toEqual({
      status: 409,
      code: 'BucketAlreadyOwnedByYou',
    });
    await client.send(new DeleteBucketCommand({ Bucket: `${Bucket}-b` }));
    expect((await refused(client.send(new HeadBucketCommand({ Bucket: `${Bucket}-b` })))).status).toBe(404);
  });

  it('that hold anything are not deleted', async () => {
    await put('a', 'x');
    expect((await refused(client.send(new DeleteBucketCommand({ Bucket })))).code).toBe('BucketNotEmpty');
    expect(() => s3.deleteBucket(Bucket)).toThrow('not empty');
    s3.deleteBucket(Bucket, { force: true });
    expect(s3.bucket(Bucket)).toBeUndefined();
  });

  it('with a name S3 does not take are refused', () => {
    for (const name of ['Upper', 'a', 'has_underscore', '10.0.0.1', 'x'.repeat(64)])
      expect(() => s3.createBucket(name), name).toThrow('not a valid bucket name');
  });

  it('show by the API what was set by a handler, and the other way round', async () => {
    const bucket = s3.bucket(Bucket);
    bucket?.configure({
      versioning: 'enabled',
      encryption: { algorithm: 'aws:kms', kmsKey: 'alias/backup' },
      lifecycle: [
        { id: 'cold', prefix: 'prod/', enabled: true, transitions: [{ days: 30, storageClass: 'GLACIER' }] },
      ],
    });
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    const encryption = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(
      encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
    ).toEqual({
      SSEAlgorithm: 'aws:kms',
      KMSMasterKeyID: 'alias/backup',
    });
    const rules = (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules;
    expect(rules).toMatchObject([{ ID: 'cold', Status: 'Enabled', Transitions: [{ Days: 30 }] }]);
    const block = await client.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(block.PublicAccessBlockConfiguration?.BlockPublicPolicy).toBe(true);

    expect((await refused(client.send(new GetBucketPolicyCommand({ Bucket })))).code).toBe(
      'NoSuchBucketPolicy',
    );
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy: '{"Statement":[]}' }));
    expect(bucket?.settings().policy).toBe('{"Statement":[]}');
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [{ ID: 'e', Status: 'Enabled', Filter: { Prefix: 'd/' }, Expiration: { Days: 30 } }],
        },
      }),
    );
    expect(bucket?.settings().lifecycle).toEqual([
      { id: 'e', prefix: 'd/', enabled: true, expireAfterDays: 30 },
    ]);
  });

  it('are not open to requests without a signature', async () => {
    const answer = await fetch(`${s3.endpoint}/${Bucket}/a`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });
});

describe('objects', () => {
  it('come back as they were, with type, encoding, metadata, etag and length', async () => {
    const Key = 'ä/1 + 2 & <3>?.txt';
    const { ETag } = await put(Key, 'hello', {
      ContentType: 'text/plain',
      ContentEncoding: 'gzip',
      Metadata: { deployment: '1-abc', note: 'a b' },
    });
    expect(ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({
      ContentLength: 5,
      ContentType: 'text/plain',
      ContentEncoding: 'gzip',
      ETag,
    });
    expect(head.Metadata).toEqual({ deployment: '1-abc', note: 'a b' });
    expect(await text(Key)).toBe('hello');
    expect((await refused(text('missing'))).code).toBe('NoSuchKey');
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect((await refused(text(Key))).status).toBe(404);
  });

  it('can be empty, and can be read in ranges', async () => {
    await put('empty', '');
    expect(await text('empty')).toBe('');
    await put('digits', '0123456789');
    expect(await text('digits', { Range: 'bytes=2-4' })).toBe('234');
    expect(await text('digits', { Range: 'bytes=7-' })).toBe('789');
    expect(await text('digits', { Range: 'bytes=-2' })).toBe('89');
    expect((await refused(text('digits', { Range: 'bytes=10-' }))).status).toBe(416);
    expect((await refused(text('digits', { IfMatch: '"0"' }))).status).toBe(412);
  });

  it.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)('carry the checksum %s', async (algorithm) => {
    await put('sum', 'some bytes', { ChecksumAlgorithm: algorithm });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'sum', ChecksumMode: 'ENABLED' }));
    const said = head[`Checksum${algorithm}`];
    expect(said).toMatch(/^[A-Za-z0-9+/]{6,43}=/);
    // The SDK holds the bytes against the checksum on the way back.
    expect(await text('sum')).toBe('some bytes');
    expect(await refused(put('sum2', 'other bytes', { [`Checksum${algorithm}`]: said }))).toEqual({
      status: 400,
      code: 'BadDigest',
    });
    expect(s3.bucket(Bucket)?.keys()).toEqual(['sum']);
  });

  it('arrive through a stream in chunks with a checksum behind the last one', async () => {
    const body = randomBytes(300_000);
    const send = async function* () {
      for (let i = 0; i < body.length; i += 10_000) yield body.subarray(i, i + 10_000);
    };
    const { Readable } = await import('node:stream');
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 's',
        Body: Readable.from(send()),
        ContentLength: body.length,
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 's' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  it('are refused when a trailing checksum or the MD5 does not fit', async () => {
    const chunked = (trailer: string) =>
      fetch(`${s3.endpoint}/${Bucket}/t`, {
        method: 'PUT',
        headers: {
          authorization: 'AWS4-HMAC-SHA256 x',
          'content-encoding': 'aws-chunked',
          'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
          'x-amz-decoded-content-length': '5',
          'x-amz-trailer': 'x-amz-checksum-crc32',
        },
        body: `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${trailer}\r\n\r\n`,
      });
    expect((await chunked('AAAAAA==')).status).toBe(400);
    expect((await chunked('NhCmhg==')).status).toBe(200);
    expect(await refused(put('m', 'x', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }))).toEqual({
      status: 400,
      code: 'BadDigest',
    });
  });

  it('are created or replaced on condition, and of many writers one wins', async () => {
    const first = await put('lease', '1', { IfNoneMatch: '*' });
    expect(await refused(put('lease', '2', { IfNoneMatch: '*' }))).toEqual({
      status: 412,
      code: 'PreconditionFailed',
    });
    await put('lease', '2', { IfMatch: first.ETag });
    expect((await refused(put('lease', '3', { IfMatch: first.ETag }))).status).toBe(412);
    expect((await refused(put('nothing', '3', { IfMatch: '"0"' }))).status).toBe(404);
    const race = await Promise.all(
      Array.from({ length: 8 }, (_, i) => refused(put('race', String(i), { IfNoneMatch: '*' }))),
    );
    expect(race.filter((r) => r.status === 200)).toHaveLength(1);
    expect(race.filter((r) => r.status === 412)).toHaveLength(7);
  });

  it('are copied on the server', async () => {
    await put('from', 'bytes', { Metadata: { a: '1' } });
    await client.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from` }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'from' }));
    expect(await text('to')).toBe('bytes');
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'to' }))).Metadata).toEqual({ a: '1' });
  });
});

describe('listing', () => {
  it('goes by prefix, delimiter and page, in byte order', async () => {
    for (const key of ['b', 'a/1', 'a/2', 'a/x/1', 'ä', 'Z']) await put(key, key);
    const all = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(all.Contents?.map((c) => c.Key)).toEqual(['Z', 'a/1', 'a/2', 'a/x/1', 'b', 'ä']);
    const folder = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'a/', Delimiter: '/' }));
    expect(folder.Contents?.map((c) => c.Key)).toEqual(['a/1', 'a/2']);
    expect(folder.CommonPrefixes?.map((p) => p.Prefix)).toEqual(['a/x/']);
    const seen: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await client.send(
        new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 1, ContinuationToken: token }),
      );
      seen.push(
        ...(page.Contents ?? []).map((c) => c.Key),
        ...(page.CommonPrefixes ?? []).map((p) => p.Prefix),
      );
      token = page.NextContinuationToken;
    } while (token !== undefined);
    expect(seen).toEqual(['Z', 'a/', 'b', 'ä']);
  });
});

describe('versions', () => {
  beforeEach(async () => {
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
  });

  it('are all kept and readable, also below a delete marker', async () => {
    const one = await put('k', 'one');
    await put('k', 'two');
    const marker = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(marker.DeleteMarker).toBe(true);
    expect((await refused(text('k'))).code).toBe('NoSuchKey');
    expect(await text('k', { VersionId: one.VersionId })).toBe('one');
    const list = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'k' }));
    expect(list.Versions?.map((v) => v.IsLatest)).toEqual([false, false]);
    expect(list.DeleteMarkers?.map((v) => v.VersionId)).toEqual([marker.VersionId]);
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId }));
    expect(await text('k')).toBe('two');
    const listed = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(listed.Contents?.map((c) => c.Key)).toEqual(['k']);
  });

  it('are deleted many at once', async () => {
    const made = [await put('a', '1'), await put('b', '2')];
    const Objects = [
      { Key: 'a', VersionId: made[0]?.VersionId },
      { Key: 'b', VersionId: made[1]?.VersionId },
    ];
    const done = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(done.Deleted).toHaveLength(2);
    expect(s3.bucket(Bucket)?.isEmpty()).toBe(true);
  });
});

describe('object lock', () => {
  const until = () => new Date(Date.now() + 3_600_000);
  beforeEach(() => {
    s3.bucket(Bucket)?.configure({ versioning: 'enabled', objectLock: { enabled: true } });
  });

  it('keeps a locked version from being deleted; governance can be bypassed, compliance cannot', async () => {
    const lock = async (mode: 'GOVERNANCE' | 'COMPLIANCE') =>
      (await put(mode, 'x', { ObjectLockMode: mode, ObjectLockRetainUntilDate: until() })).VersionId;
    for (const mode of ['GOVERNANCE', 'COMPLIANCE'] as const) {
      const VersionId = await lock(mode);
      const del = (BypassGovernanceRetention?: boolean) =>
        refused(
          client.send(new DeleteObjectCommand({ Bucket, Key: mode, VersionId, BypassGovernanceRetention })),
        );
      expect(await del()).toEqual({ status: 403, code: 'AccessDenied' });
      expect((await del(true)).status).toBe(mode === 'GOVERNANCE' ? 200 : 403);
    }
    expect(() => s3.deleteBucket(Bucket, { force: true })).toThrow('locked');
  });

  it('has a default, and can be extended but not shortened', async () => {
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } },
        },
      }),
    );
    const shown = await client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(shown.ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'COMPLIANCE', Days: 365 });
    await put('k', 'x');
    const get = await client.send(new GetObjectRetentionCommand({ Bucket, Key: 'k' }));
    expect((get.Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now()).toBeGreaterThan(364 * 86_400_000);
    const change = (days: number) =>
      client.send(
        new PutObjectRetentionCommand({
          Bucket,
          Key: 'k',
          Retention: { Mode: 'COMPLIANCE', RetainUntilDate: new Date(Date.now() + days * 86_400_000) },
        }),
      );
    expect((await refused(change(1))).status).toBe(403);
    await change(400);
  });

  it('cannot be turned off, needs versions, and wants a date in the future', async () => {
    expect(() => s3.bucket(Bucket)?.configure({ versioning: 'suspended' })).toThrow('versioning');
    const past = new Date(Date.now() - 1000);
    expect(
      (await refused(put('k', 'x', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: past })))
        .status,
    ).toBe(400);
  });
});

describe('multipart uploads', () => {
  it('of 24 MB arrive whole, in constant memory on both sides, with a composite checksum', async () => {
    const part = randomBytes(1024 * 1024);
    const whole = createHash('sha256');
    const { Readable } = await import('node:stream');
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < 24; i++) {
          whole.update(part);
          yield part;
        }
      })(),
    );
    const upload = new Upload({
      client,
      params: { Bucket, Key: 'big', Body: body, ChecksumAlgorithm: 'SHA256' },
    });
    const done = await upload.done();
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-5"$/);
    expect(done.ChecksumSHA256).toMatch(/-5$/);
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'big' }));
    const hash = createHash('sha256');
    for await (const chunk of got.Body as AsyncIterable<Buffer>) hash.update(chunk);
    expect(hash.digest('hex')).toBe(whole.digest('hex'));
    const across = await client.send(
      new GetObjectCommand({ Bucket, Key: 'big', Range: 'bytes=5242870-5242890' }),
    );
    expect((await across.Body?.transformToByteArray())?.length).toBe(21);
  });

  it('refuse small, missing or altered parts, and take a condition at the end', async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'm' }));
    const send = async (PartNumber: number, size: number) => ({
      PartNumber,
      ETag: (
        await client.send(
          new UploadPartCommand({ Bucket, Key: 'm', UploadId, PartNumber, Body: Buffer.alloc(size) }),
        )
      ).ETag,
    });
    const complete = (Parts: { PartNumber: number; ETag: string | undefined }[], more = {}) =>
      client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key: 'm',
          UploadId,
          MultipartUpload: { Parts },
          ...more,
        }),
      );
    const [small, last] = [await send(1, 100), await send(2, 10)];
    expect((await refused(complete([small, last]))).code).toBe('EntityTooSmall');
    expect((await refused(complete([{ PartNumber: 1, ETag: '"0"' }]))).code).toBe('InvalidPart');
    expect((await refused(complete([last, small]))).code).toBe('InvalidPartOrder');
    await put('m', 'there already');
    expect((await refused(complete([small], { IfNoneMatch: '*' }))).status).toBe(412);
    expect(await text('m')).toBe('there already');
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'm', UploadId }));
    expect((await refused(complete([small]))).code).toBe('NoSuchUpload');
    expect(readdirSync(join(directory, Bucket, 'data'))).toHaveLength(1);
  });
});

describe('faults', () => {
  it('unreachable: no answer, and all is well again afterwards', async () => {
    await put('k', 'x');
    s3.faults.unreachable();
    expect((await refused(text('k'))).status).not.toBe(200);
    s3.faults.clear();
    expect(await text('k')).toBe('x');
  });

  it('a cut upload leaves nothing behind, and a client that tries again succeeds', async () => {
    s3.faults.cutUploads(1000, { times: 2, prefix: 'cut' });
    expect((await refused(put('cut', Buffer.alloc(5000)))).status).not.toBe(200);
    expect(s3.bucket(Bucket)?.isEmpty()).toBe(true);
    // The client may see the cut a moment before the server has tidied up.
    await vi.waitFor(() => expect(readdirSync(join(directory, Bucket, 'data'))).toEqual([]));
    const patient = connect(s3.endpoint, 3);
    await patient.send(new PutObjectCommand({ Bucket, Key: 'cut', Body: Buffer.alloc(5000) }));
    patient.destroy();
    expect(s3.bucket(Bucket)?.keys()).toEqual(['cut']);
  });

  it('corrupt bytes are stored under the checksum of the good ones, which the client notices', async () => {
    s3.faults.corruptUploads({ times: 1 });
    await put('k', 'precious');
    await expect(text('k')).rejects.toThrow(/[Cc]hecksum/);
    expect(await text('k', { Range: 'bytes=0-7' })).not.toBe('precious');
  });
});

it('serves what was there before when it is started again', async () => {
  s3.bucket(Bucket)?.configure({ versioning: 'enabled' });
  const one = await put('k', 'one', { Metadata: { a: '1' } });
  await put('k', 'two');
  const again = await startS3({ directory });
  const other = connect(again.endpoint);
  const got = await other.send(new GetObjectCommand({ Bucket, Key: 'k', VersionId: one.VersionId }));
  expect(await got.Body?.transformToString()).toBe('one');
  expect(got.Metadata).toEqual({ a: '1' });
  other.destroy();
  await again.close();
});
