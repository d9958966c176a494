import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { backUp, type BackupInput } from '../../../cli/tasks/backup.ts';
import { loadBackup, newestBackup } from '../../../cli/tasks/copy.ts';
import { restoreDrill } from '../../../cli/tasks/drill.ts';
import { replaceDatabase } from '../../../cli/tasks/replace.ts';
import { backupStore } from '../../../release/adapters/database/backup-store.ts';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { startWorld, type World } from './support.ts';

const DAY = 86_400_000;
let world: World;
let url = '';
let n = 0;

const input = (deployment: string, prefix: string, change: Partial<BackupInput> = {}): BackupInput => ({
  application: 'running',
  environment: 'production',
  deployment,
  directory: world.directory,
  timeout: 60_000,
  bucket: 'backups',
  prefix: `${prefix}${n}`,
  verify: 'scratch',
  lock: 'governance',
  retention: 365 * DAY,
  database: world.reference('database', url),
  scratch: undefined,
  ...change,
});
const drill = () =>
  restoreDrill(
    {
      application: 'running',
      environment: 'production',
      directory: world.directory,
      bucket: 'backups',
      prefixes: [`prod${n}`, `daily/prod${n}`],
      database: world.reference('database', url),
    },
    world.ports,
    world.client,
  );
const count = async (at: string) => (await world.run(at, 'SELECT count(*)::int AS n FROM runs'))[0]?.['n'];
const ours = async () =>
  (await world.databases()).filter((d) => d.includes(`running${n}`) || /drill/.test(d));

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  n += 1;
  url = await world.postgres.createDatabase(`running${n}`);
  await world.run(
    url,
    'CREATE TABLE runs (id int PRIMARY KEY, km numeric); INSERT INTO runs SELECT n, n FROM generate_series(1, 200) n',
  );
});

it('a restore drill restores the newest good backup beside the database, measures RTO and RPO and leaves nothing', async () => {
  await backUp(input('1700000000-aaaaaaaaaaaa', 'prod'), world.ports, world.client);
  await world.run(url, 'INSERT INTO runs VALUES (201, 1)');
  await backUp(input('1700000600-bbbbbbbbbbbb', 'daily/prod'), world.ports, world.client);
  await world.run(url, 'INSERT INTO runs VALUES (202, 1)');
  const seen = await drill();
  expect(seen).toMatchObject({ deployment: '1700000600-bbbbbbbbbbbb', tables: 1, differences: [] });
  expect(seen.rtoMs).toBeGreaterThan(0);
  expect(seen.rpoMs).toBeLessThanOrEqual(seen.worstGapMs);
  expect(await count(url)).toBe(202);
  expect(await ours()).toEqual([`running${n}`]);
});

it('a drill of a damaged backup says so instead of passing', async () => {
  await backUp(input('1700000000-aaaaaaaaaaaa', 'prod'), world.ports, world.client);
  world.s3.bucket('backups')?.corrupt(`prod${n}/backup-1700000000-aaaaaaaaaaaa.sql.gz`);
  await expect(drill()).rejects.toMatchObject({
    exit: 5,
    message: expect.stringContaining('is damaged') as string,
  });
  await expect(ours()).resolves.toEqual([`running${n}`]);
});

it('without any backup a drill is refused with what to do', async () => {
  await expect(drill()).rejects.toMatchObject({ exit: 3, hint: 'sluice backup create --stack production' });
});

it('a backup by schedule is locked for thirty days from the start, not for a year', async () => {
  const deployment = '1700000000-cccccccccccc';
  const taken = await backUp(
    input(deployment, 'daily/prod', { retention: 30 * DAY, lockedFromStart: true }),
    world.ports,
    world.client,
  );
  const { ObjectLockRetainUntilDate: until } = await world.client.send(
    new HeadObjectCommand({ Bucket: 'backups', Key: `daily/prod${n}/backup-${deployment}.sql.gz` }),
  );
  expect(taken.verified).toBe(true);
  expect(Math.round(((until?.getTime() ?? 0) - Date.now()) / DAY)).toBe(30);
});

it('staging gets a copy of production’s newest backup; its own database is kept beside', async () => {
  await backUp(input('1700000000-aaaaaaaaaaaa', 'prod'), world.ports, world.client);
  const staging = await world.postgres.createDatabase(`running${n}_staging`);
  await world.run(staging, 'CREATE TABLE runs (id int); INSERT INTO runs VALUES (1)');
  const found = await newestBackup([backupStore(world.client, 'backups', `prod${n}`)]);
  if (found === undefined) throw new Error('a backup was taken');
  const replaced = await replaceDatabase(
    {
      environment: 'staging',
      directory: world.directory,
      database: world.reference('staging', staging),
      what: 'copy of production',
    },
    world.ports,
    async (fresh, task) => {
      await loadBackup(found, fresh, task);
      await world.run(fresh.url, 'UPDATE runs SET km = 0');
    },
  );
  expect(await count(staging)).toBe(200);
  expect(await world.run(staging, 'SELECT max(km)::int AS km FROM runs')).toEqual([{ km: 0 }]);
  expect(await ours()).toContain(replaced.keptAs);
});

it('when the new database cannot be filled, the old one stays and nothing is left beside it', async () => {
  const before = await ours();
  const failing = replaceDatabase(
    {
      environment: 'staging',
      directory: world.directory,
      database: world.reference('database', url),
      what: 'fresh',
    },
    world.ports,
    () => Promise.reject(new Error('migration 3 failed')),
  );
  await expect(failing).rejects.toThrow('migration 3 failed');
  expect(await count(url)).toBe(200);
  expect(await ours()).toEqual(before);
});
