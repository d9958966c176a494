import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type S3, startS3 } from '../../../sandbox/cloud/s3/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-s3-'));
let s3: S3;
let client: S3Client;

beforeAll(async () => {
  s3 = await startS3({ directory });
  s3.createBucket('bucket');
  client = new S3Client({
    endpoint: s3.endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
    maxAttempts: 1,
  });
  await client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a', Body: 'hello' }));
});
afterAll(async () => {
  client.destroy();
  await s3.close();
  rmSync(directory, { recursive: true, force: true });
});

// A client that has read the last byte of an answer may send its next request before the server has ended that answer:
// the next answer then waits for the connection, and must be given all the same.
it('answers requests that come before the answer before them has ended, also those it refuses', async () => {
  const socket = connect(Number(new URL(s3.endpoint).port), '127.0.0.1');
  await once(socket, 'connect');
  const ask = (key: string): string =>
    `GET /bucket/${key} HTTP/1.1\r\nhost: s3\r\nauthorization: AWS4-HMAC-SHA256 x\r\n\r\n`;
  let seen = '';
  socket.on('data', (chunk: Buffer) => void (seen += chunk.toString()));
  socket.write(['a', 'missing', 'a', 'missing'].map(ask).join(''));
  await vi.waitFor(() => expect(seen.match(/HTTP\/1\.1 \d+/g)).toHaveLength(4), { timeout: 10_000 });
  expect(seen.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '404', '200', '404']);
  socket.destroy();
});

it('a client on one connection gets each of its answers, found or not', async () => {
  const ask = (Key: string): Promise<string> =>
    client.send(new GetObjectCommand({ Bucket: 'bucket', Key })).then(
      async ({ Body }) => (await Body?.transformToString()) ?? '',
      (error: unknown) => (error as Error).name,
    );
  for (let i = 0; i < 200; i += 1) {
    expect(await ask('a')).toBe('hello');
    expect(await ask('missing')).toBe('NoSuchKey');
  }
});
