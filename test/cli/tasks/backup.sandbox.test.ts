import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BackupInput, backUp } from '../../../cli/tasks/backup.ts';
import { backupStore } from '../../../release/adapters/database/backup-store.ts';
import { AWKWARD } from '../../release/adapters/database/awkward.ts';
import { startWorld, type World } from './support.ts';

let world: World;
let url = '';
let n = 0;
let input: BackupInput;
const DAY = 86_400_000;
const SMALL = `
  CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL);
  INSERT INTO users (email) SELECT md5(n::text) FROM generate_series(1, 2000) n;
  CREATE TABLE counters (id int, v int); INSERT INTO counters SELECT n, n FROM generate_series(1, 100) n;
  CREATE SEQUENCE tickets`;

beforeAll(async () => {
  world = await startWorld();
  url = await world.postgres.createDatabase('azora');
  await world.run(url, SMALL);
});
afterAll(() => world.close());
beforeEach(() => {
  world.s3.faults.clear();
  world.lines.length = 0;
  input = {
    application: 'azora',
    environment: 'production',
    deployment: `1700000${String(n++).padStart(3, '0')}-abcdef123456`,
    directory: join(world.directory, 'work'),
    timeout: 60_000,
    bucket: 'backups',
    prefix: 'prod',
    verify: 'scratch',
    lock: 'compliance',
    retention: 365 * DAY,
    database: world.reference('database', url),
    scratch: undefined,
  };
});

const take = (change: Partial<BackupInput> = {}) =>
  backUp({ ...input, ...change }, world.ports, world.client);
const metadata = () => backupStore(world.client, 'backups', 'prod').metadata(input.deployment);

describe('a backup', () => {
  it('of awkward data comes back equal, and leaves no scratch database', async () => {
    const awkward = await world.postgres.createDatabase('awkward');
    await world.run(awkward, AWKWARD);
    const taken = await take({ database: world.reference('awkward', awkward) });
    expect(taken.verification).toEqual({ how: 'scratch', differences: [], more: 0, skipped: [] });
    expect(taken.tables.map((t) => t.rows)).toEqual([500, 1, 3, 7, 17, 0]);
    expect(await world.databases()).toEqual(['awkward', 'azora', 'postgres']);
    await world.run(world.postgres.superuserUrl, 'DROP DATABASE awkward WITH (FORCE)');
  });

  it('is described beside it and locked for the retention', async () => {
    const taken = await take();
    expect(taken).toMatchObject({
      verified: true,
      database: 'azora',
      location: `s3://backups/prod/backup-${input.deployment}.sql.gz`,
    });
    expect(taken.tables.map((t) => [t.name, t.rows])).toEqual([
      ['public.counters', 100],
      ['public.users', 2000],
    ]);
    expect(await metadata()).toEqual(taken);
    const Key = `prod/backup-${input.deployment}.sql.gz`;
    const head = await world.client.send(new HeadObjectCommand({ Bucket: 'backups', Key }));
    expect(head.ContentLength).toBe(taken.size);
    expect(head.ObjectLockMode).toBe('COMPLIANCE');
    expect(head.ObjectLockRetainUntilDate?.toISOString().slice(0, 19)).toBe(taken.lockedUntil?.slice(0, 19));
  });

  it('is not taken twice: the second run ends at once', async () => {
    const first = await take();
    const began = performance.now();
    const second = await take();
    expect(second).toEqual(first);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(world.lines.at(-1)).toContain('nothing to do');
  });

  it('is a plain dump that gunzip and psql understand', async () => {
    await take();
    const Key = `prod/backup-${input.deployment}.sql.gz`;
    const got = await world.client.send(new GetObjectCommand({ Bucket: 'backups', Key }));
    const { gunzipSync } = await import('node:zlib');
    const text = gunzipSync((await got.Body?.transformToByteArray()) ?? new Uint8Array()).toString('utf8');
    expect(text).toContain('-- PostgreSQL database dump complete');
    expect(text).toContain('COPY public.users (id, email) FROM stdin;');
  });

  it('holds while others write: the comparison is against the moment of the dump', async () => {
    const stop = new AbortController();
    const writer = (async () => {
      while (!stop.signal.aborted)
        await world.run(
          url,
          "INSERT INTO users (email) VALUES ('new'); SELECT nextval('tickets'); UPDATE counters SET v = v + 1",
        );
    })();
    const taken = await take();
    stop.abort();
    await writer;
    expect(taken.verified).toBe(true);
    const [now] = await world.run(url, 'SELECT count(*)::int AS n FROM users');
    expect(now?.['n']).toBeGreaterThan(taken.tables.find((t) => t.name === 'public.users')?.rows ?? Infinity);
  });

  it('never shows a password, neither in its log nor in an error', async () => {
    await take();
    const password = new URL(url).password;
    const log = readFileSync(
      join(world.directory, 'work', 'logs', input.deployment, `backup-logs-${input.deployment}.log`),
      'utf8',
    );
    expect(log).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z backup of 127\.0\.0\.1:\d+\/azora \(PostgreSQL 18/);
    expect(log + world.lines.join('\n')).not.toContain(password);
    const gone = new URL(url);
    gone.pathname = '/gone';
    await expect(
      take({ deployment: '1700000999-abcdef', database: world.reference('gone', gone.href) }),
    ).rejects.toMatchObject({
      exit: 5,
      message: expect.stringMatching(
        /^the database 127\.0\.0\.1:\d+\/gone cannot be used: there is no such database$/,
      ),
    });
  });
});

describe('a backup that cannot be relied on', () => {
  it('because the upload is cut: fails, and the metadata says so', async () => {
    world.s3.faults.cutUploads(1000, { prefix: `prod/backup-${input.deployment}.sql` });
    await expect(take()).rejects.toMatchObject({
      exit: 5,
      message: expect.stringContaining('uploading to s3://backups/prod failed'),
    });
    const said = await metadata();
    expect(said?.verified).toBe(false);
    expect(said?.verification.differences[0]).toContain('uploading');
    expect(await world.databases()).toEqual(['azora', 'postgres']);
  });

  it('because the stored bytes differ: fails, says it, drops the scratch database; the next run takes it anew', async () => {
    world.s3.faults.corruptUploads({ prefix: `prod/backup-${input.deployment}.sql`, times: 1 });
    await expect(take()).rejects.toMatchObject({
      exit: 5,
      message: expect.stringMatching(
        /cannot be relied on; the database was not touched\n {2}the stored object/,
      ),
    });
    const said = await metadata();
    expect(said).toMatchObject({ verified: false });
    expect(said?.lockedUntil).toBeUndefined();
    expect(await world.databases()).toEqual(['azora', 'postgres']);
    expect((await take()).verified).toBe(true);
  });

  it('because the restored copy differs: says in what', async () => {
    // Refreshing this view, the last thing a restore does, changes the copy: no dump can prevent that.
    const other = await world.postgres.createDatabase('changing');
    await world.run(
      other,
      `CREATE TABLE t (id int, v int); INSERT INTO t SELECT n, n FROM generate_series(1, 10) n;
       CREATE TABLE stays (x int);
       CREATE FUNCTION spoil() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
         IF current_database() LIKE 'sluice_scratch%' THEN
           UPDATE public.t SET v = 0 WHERE id = 3; INSERT INTO public.stays VALUES (1);
         END IF;
         RETURN 1; END $$;
       CREATE MATERIALIZED VIEW spoiling AS SELECT spoil() AS one`,
    );
    try {
      await expect(take({ database: world.reference('changing', other) })).rejects.toMatchObject({
        exit: 5,
        message: expect.stringMatching(
          /table public\.stays has 1 rows instead of 0\n {2}table public\.t has other contents in its 10 rows/,
        ),
      });
      expect(await world.databases()).toEqual(['azora', 'changing', 'postgres']);
    } finally {
      await world.run(world.postgres.superuserUrl, 'DROP DATABASE changing WITH (FORCE)');
    }
  });

  it('because it is called off: nothing is left running or lying about', async () => {
    const stop = new AbortController();
    const ports = {
      ...world.ports,
      signal: stop.signal,
      log: (line: string) => {
        if (line.startsWith('restoring')) setTimeout(() => stop.abort(new Error('called off')), 50);
      },
    };
    await expect(backUp(input, ports, world.client)).rejects.toThrow('called off');
    expect(await world.databases()).toEqual(['azora', 'postgres']);
    const sessions = () =>
      world.run(
        world.postgres.superuserUrl,
        "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'sluice%'",
      );
    // The server notices a closed connection when it next looks.
    await vi.waitFor(async () => expect(await sessions()).toEqual([]), 3000);
  });

  it('is refused under the prefix of another environment', async () => {
    await take();
    await expect(take({ environment: 'staging' })).rejects.toMatchObject({ exit: 3 });
  });
});
