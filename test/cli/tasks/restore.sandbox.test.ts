import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backUp } from '../../../cli/tasks/backup.ts';
import { restore, type RestoreInput } from '../../../cli/tasks/restore.ts';
import { startWorld, type World } from './support.ts';

const DEPLOYMENT = '1700000000-abcdef123456';
let world: World;
let url = '';
let n = 0;
let input: RestoreInput;

const common = () => ({
  application: 'azora',
  environment: 'production',
  deployment: DEPLOYMENT,
  directory: world.directory,
  timeout: 60_000,
  bucket: 'backups',
  prefix: `prod${n}`,
  database: world.reference('database', url),
});
const back = (change: Partial<RestoreInput> = {}) =>
  restore({ ...input, ...change }, world.ports, world.client);
const users = async (at = url) => (await world.run(at, 'SELECT count(*)::int AS n FROM users'))[0]?.['n'];
const ours = async () => (await world.databases()).filter((d) => d.startsWith(`azora${n}`));

beforeAll(async () => {
  world = await startWorld();
  await world.run(world.postgres.superuserUrl, "CREATE ROLE app LOGIN PASSWORD 'x'");
});
afterAll(() => world.close());
beforeEach(async () => {
  n += 1;
  url = await world.postgres.createDatabase(`azora${n}`);
  await world.run(
    url,
    `CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text);
     INSERT INTO users (email) SELECT n::text FROM generate_series(1, 50) n;
     CREATE TABLE schema_migrations (version varchar(255) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('001');
     GRANT SELECT ON users TO app; ALTER DATABASE azora${n} SET search_path TO "$user", public; ALTER DATABASE azora${n} SET work_mem TO '9MB';
     REVOKE CONNECT ON DATABASE azora${n} FROM PUBLIC; GRANT CONNECT ON DATABASE azora${n} TO app`,
  );
  input = { ...common(), force: false };
  await backUp(
    { ...common(), verify: 'scratch', lock: 'none', retention: undefined, scratch: undefined },
    world.ports,
    world.client,
  );
});

describe('restoring a backup', () => {
  it('asks when something was written since, and names what would be lost', async () => {
    await world.run(
      url,
      "INSERT INTO users (email) VALUES ('new'); INSERT INTO schema_migrations VALUES ('002'); CREATE TABLE later AS SELECT 1 AS x",
    );
    await expect(back()).rejects.toMatchObject({
      exit: 3,
      message: expect.stringMatching(
        /would lose what was written since; nothing was changed\n {2}migration 002 has run since\n {2}table public\.later is new and has 1 rows\n {2}table public\.schema_migrations: 1 rows then, 2 now\n {2}table public\.users: 50 rows then, 51 now/,
      ),
      hint: expect.stringContaining('--force'),
    });
    expect(await users()).toBe(51);
    expect(await ours()).toEqual([`azora${n}`]);
  });

  it('swaps the databases and keeps the old one, while an application is connected', async () => {
    await world.run(url, "DELETE FROM users WHERE id > 10; INSERT INTO users (email) VALUES ('lost')");
    let stopped = false;
    const application = world.run(url, 'SELECT pg_sleep(30)').catch(() => void (stopped = true));
    const done = await back({ force: true });
    await application;
    expect(stopped).toBe(true);
    expect(await users()).toBe(50);
    expect(done).toMatchObject({ database: `azora${n}`, lost: ['table public.users: 50 rows then, 11 now'] });
    const kept = new URL(url);
    kept.pathname = `/${done.keptAs}`;
    expect(await users(kept.href)).toBe(11);
    expect(world.lines.join('\n')).toContain(`is kept as ${done.keptAs}`);
    // What no dump holds: settings of the database, who may connect, and the next number of an identity column.
    expect(await world.run(url, 'SHOW work_mem')).toEqual([{ work_mem: '9MB' }]);
    expect(await world.run(url, 'SHOW search_path')).toEqual([{ search_path: '"$user", public' }]);
    expect(
      await world.run(
        url,
        `SELECT has_database_privilege('app', 'azora${n}', 'CONNECT') AS app, has_table_privilege('app', 'users', 'SELECT') AS reads,
        (SELECT datacl::text ~ '[{,]=[a-zA-Z]*c' FROM pg_database WHERE datname = 'azora${n}') AS public`,
      ),
    ).toEqual([{ app: true, reads: true, public: false }]);
    expect(await world.run(url, "INSERT INTO users (email) VALUES ('next') RETURNING id::int")).toEqual([
      { id: 51 },
    ]);
  });

  it('of a database that is gone makes it again; of one that is unchanged asks nothing', async () => {
    const same = await back();
    expect(same.lost).toEqual([]);
    await world.run(world.postgres.superuserUrl, `DROP DATABASE azora${n} WITH (FORCE)`);
    const again = await back();
    expect(again.keptAs).toBeUndefined();
    expect(await users()).toBe(50);
  });

  it('that is damaged, of another environment, or not there changes nothing', async () => {
    await expect(back({ environment: 'staging' })).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining('is a backup of azora production, not of azora staging'),
    });
    await expect(back({ deployment: '1800000000-abcdef' })).rejects.toMatchObject({
      exit: 3,
      hint: `the latest ones: ${DEPLOYMENT}`,
    });
    world.s3.bucket('backups')?.corrupt(`prod${n}/backup-${DEPLOYMENT}.sql.gz`);
    await expect(back({ force: true })).rejects.toMatchObject({
      exit: 5,
      message: expect.stringContaining('is damaged'),
    });
    expect(await users()).toBe(50);
    expect(await ours()).toEqual([`azora${n}`]);
  });

  it('that is called off half-way leaves the database as it was', async () => {
    const stop = new AbortController();
    const ports = {
      ...world.ports,
      signal: stop.signal,
      log: (line: string) => {
        if (line.startsWith('restoring into')) stop.abort(new Error('called off'));
      },
    };
    await expect(restore({ ...input, force: true }, ports, world.client)).rejects.toThrow('called off');
    expect(await users()).toBe(50);
    expect(await ours()).toEqual([`azora${n}`]);
  });
});
