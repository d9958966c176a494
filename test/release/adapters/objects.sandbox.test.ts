import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderObjects } from '../../../release/adapters/objects-folder.ts';
import { s3Objects } from '../../../release/adapters/objects.ts';
import { s3Client } from '../../../release/adapters/s3.ts';
import type { ObjectStore } from '../../../release/ports/objects.ts';
import { type S3, startS3 } from '../../../sandbox/cloud/s3/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-objects-'));
let s3: S3;
const environment = () => ({
  AWS_ENDPOINT_URL_S3: s3.endpoint,
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'sandbox',
  AWS_SECRET_ACCESS_KEY: 'sandbox',
});
beforeAll(async () => {
  s3 = await startS3({ directory: join(directory, 's3') });
  s3.createBucket('records');
});
afterAll(async () => {
  await s3.close();
  rmSync(directory, { recursive: true, force: true });
});

const adapters: [string, () => ObjectStore][] = [
  ['S3', () => s3Objects('records', s3Client(environment()))],
  ['a folder', () => folderObjects(join(directory, 'folder'))],
];

describe.each(adapters)('the object store on %s', (_name, open) => {
  it('creates, replaces and reads on condition', async () => {
    const store = open();
    expect(await store.get('lease/production.json')).toBeUndefined();
    const first = await store.put('lease/production.json', '{"n":1}', null);
    expect(first).toEqual(expect.any(String));
    expect(await store.put('lease/production.json', '{"n":2}', null)).toBeUndefined();
    const second = await store.put('lease/production.json', '{"n":2}', first);
    expect(second).not.toBe(first);
    expect(await store.put('lease/production.json', '{"n":3}', first)).toBeUndefined();
    expect(await store.put('lease/missing.json', '{}', first)).toBeUndefined();
    expect(await store.get('lease/production.json')).toEqual({ body: '{"n":2}', etag: second });
    await store.put('lease/production.json', '{"n":4}');
    expect((await store.get('lease/production.json'))?.body).toBe('{"n":4}');
    await store.delete('lease/production.json');
    await store.delete('lease/production.json');
    expect(await store.get('lease/production.json')).toBeUndefined();
  });

  it('lets one of many writers win', async () => {
    const store = open();
    const made = await Promise.all(Array.from({ length: 6 }, (_, i) => store.put('race', String(i), null)));
    expect(made.filter((m) => m !== undefined)).toHaveLength(1);
    const etag = made.find((m) => m !== undefined);
    const next = await Promise.all(
      Array.from({ length: 6 }, (_, i) => store.put('race', `again ${i}`, etag)),
    );
    expect(next.filter((m) => m !== undefined)).toHaveLength(1);
  });

  it('lists by prefix in byte order, whatever the keys are made of', async () => {
    const store = open();
    const keys = ['l/B', 'l/a', 'l/a/b', 'l/é ü?*%2F.json', 'l/..', 'l/~'];
    for (const key of keys) await store.put(key, `body of ${key}`);
    expect(await store.list('l/')).toEqual(['l/..', 'l/B', 'l/a', 'l/a/b', 'l/~', 'l/é ü?*%2F.json']);
    expect(await store.list('l/a')).toEqual(['l/a', 'l/a/b']);
    expect(await store.list('none')).toEqual([]);
    for (const key of keys) expect((await store.get(key))?.body).toBe(`body of ${key}`);
  });
});

it('a bucket that is missing is named, with what to do', async () => {
  const store = s3Objects('no-such-bucket', s3Client(environment()));
  await expect(store.put('a', 'b')).rejects.toThrow(/s3:\/\/no-such-bucket failed: NoSuchBucket/);
  await expect(store.list('')).rejects.toMatchObject({ exit: 5, hint: expect.stringContaining('pulumi up') });
});
