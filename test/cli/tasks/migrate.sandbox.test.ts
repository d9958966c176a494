import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  destructiveStatements,
  migrate,
  type MigrateInput,
  pendingMigrations,
} from '../../../cli/tasks/migrate.ts';
import { undo, type UndoMarker } from '../../../cli/tasks/undo.ts';
import { logPath } from '../../../cli/tasks/environment.ts';
import { parseAddress } from '../../../release/adapters/database/address.ts';
import { folderObjects } from '../../../release/adapters/objects-folder.ts';
import { startWorld, type World } from './support.ts';

const root = resolve(import.meta.dirname, '../../..');
let world: World;
let url = '';
let n = 0;
let input: MigrateInput;

const FILES: Readonly<Record<string, string>> = {
  '20260101000000_first.sql': `-- migrate:up
create table courses (id bigint generated always as identity primary key, title text not null);
insert into courses (title) values ('a; b'), ('c');
-- migrate:down
drop table courses;`,
  '20260201000000_second.sql': `-- migrate:up
alter table courses add column price numeric default 1;
update courses set price = 2;

-- migrate:down
alter table courses drop column price;`,
};
const BAD = `-- migrate:up
alter table courses add column stars int;
-- fails: there are rows
alter table courses
  add column level text not null;
-- migrate:down
`;

const folder = (name: string, files: Readonly<Record<string, string>>): string => {
  const path = join(world.directory, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
};
const dbmate = (directory: string): string =>
  `'${root}/node_modules/.bin/dbmate' --migrations-dir '${directory}' --no-dump-schema up`;
const records = () => folderObjects(join(world.directory, 'records'));
const run = (change: Partial<MigrateInput>) => migrate({ ...input, ...change }, world.ports, records());
const log = () => readFileSync(logPath(join(world.directory, 'work'), input.deployment, 'migrate'), 'utf8');

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  n += 1;
  world.lines.length = 0;
  url = await world.postgres.createDatabase(`db${n}`);
  const good = folder('good', FILES);
  input = {
    environment: 'production',
    deployment: `1700000${String(n).padStart(3, '0')}-abcdef123456`,
    version: 'v2.0.0',
    directory: join(world.directory, 'work'),
    timeout: 60_000,
    recordBucket: 'records',
    database: world.reference('database', url),
    command: dbmate(good),
    after: undefined,
    migrations: good,
    urlName: 'PROD_DATABASE_URL',
    cwd: world.directory,
  };
});

describe('a migration', () => {
  it('runs once, notes what ran, and ends at once the second time', async () => {
    const marker = await run({});
    expect(marker).toMatchObject({ applied: ['20260101000000', '20260201000000'], version: 'v2.0.0' });
    expect(marker.statements[0]).toMatch(/^create table courses/);
    expect(marker.statements).toHaveLength(4);
    expect(log()).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z +Applied: 20260201000000_second\.sql in /m);
    expect(log()).not.toContain(new URL(url).password);
    expect(await run({ command: 'false' })).toEqual(marker);
    expect(world.lines.at(-1)).toContain('nothing to do');
  });

  it('gets the URL under both names, the version and the deployment, and no secrets of the task', async () => {
    const ports = { ...world.ports, env: { ...world.ports.env, SLUICE_SANDBOX_TOKEN: 'precious-token' } };
    await migrate(
      {
        ...input,
        command:
          'test "$DATABASE_URL" = "$PROD_DATABASE_URL" && echo "$VERSION $SLUICE_DEPLOYMENT [$SLUICE_SANDBOX_TOKEN]"',
        after: 'echo collected',
      },
      ports,
      records(),
    );
    expect(log()).toContain(`v2.0.0 ${input.deployment} []`);
    expect(log()).toContain('collected');
  });

  it('that fails names the file and the statement, and leaves the database as before', async () => {
    await run({});
    const bad = folder('bad', { ...FILES, '20260301000000_third.sql': BAD });
    const failing = { deployment: '1700009000-abcdef', command: dbmate(bad), migrations: bad };
    const error = await run(failing).then(
      () => undefined,
      (e: unknown) => e as Error & { exit: number },
    );
    expect(error?.exit).toBe(5);
    expect(error?.message).toContain('20260301000000_third.sql');
    expect(error?.message).toContain('column "level" of relation "courses" contains null values');
    expect(error?.message).toContain(
      'statement at line 4: alter table courses add column level text not null;',
    );
    expect(error?.message).toContain('are as before');
    expect(await records().get('markers/production/1700009000-abcdef/migrate.json')).toBeUndefined();
    expect(
      await world.run(
        url,
        "SELECT count(*)::int AS n FROM information_schema.columns WHERE table_name = 'courses'",
      ),
    ).toEqual([{ n: 3 }]);
  });

  it('without a transaction that fails half-way says what is not as before', async () => {
    const half = folder('half', {
      '20260101000000_a.sql': `-- migrate:up transaction:false\ncreate table kept (x int);\nselect nosuch from kept;\n`,
    });
    // A tool that sends statements one by one, each on its own.
    const command = `node -e "
      const { Client } = require('${root}/node_modules/pg');
      const c = new Client(process.env.DATABASE_URL);
      c.connect().then(() => c.query('create table kept (x int)')).then(() => {
        console.log('Error: column \\"nosuch\\" does not exist in 20260101000000_a.sql');
        process.exit(1);
      });"`;
    await expect(run({ command, migrations: half })).rejects.toMatchObject({
      message: expect.stringMatching(/not as before: [\s\S]*table public\.kept is only now/),
      hint: expect.stringContaining('sluice backup restore'),
    });
  });

  it('that takes too long is stopped with everything it started', async () => {
    await expect(run({ command: 'sleep 61 & sleep 62', timeout: 300 })).rejects.toMatchObject({
      exit: 5,
      message: 'the migrate task took longer than 0.3 s and was stopped',
    });
    const { execSync } = await import('node:child_process');
    expect(execSync('ps -eo args', { encoding: 'utf8' })).not.toMatch(/^sleep 6[12]$/m);
  });
});

describe('pending migrations', () => {
  it('are listed in order, and what they take away is named', async () => {
    const more = folder('more', {
      ...FILES,
      '20260401000000_drop.sql': `-- migrate:up
insert into courses (title) values ('drop table x; truncate y');
alter table courses drop column price; drop table if exists old;
create function f() returns void language sql as $$ delete from courses $$;
-- migrate:down
drop table courses;`,
    });
    const address = parseAddress(url);
    const signal = new AbortController().signal;
    expect(await pendingMigrations(more, address, signal)).toHaveLength(3);
    await run({});
    const pending = await pendingMigrations(more, address, signal);
    expect(pending).toEqual(['20260401000000_drop.sql']);
    expect(destructiveStatements(more, pending)).toEqual([
      '20260401000000_drop.sql:3 drops a column: alter table courses drop column price;',
      '20260401000000_drop.sql:3 drops a table: drop table if exists old;',
    ]);
  });
});

describe('migrations are undone', () => {
  it('newest first, once; a command that fails or undoes nothing is named with what the database still lists', async () => {
    const { applied } = await run({});
    const migrations = applied.toReversed();
    const back = (command: string, kept = records()): Promise<UndoMarker> =>
      undo({ ...input, version: 'v1.0.0', migrations, command }, world.ports, kept);
    await expect(back('echo one; echo "no way down" >&2; exit 3')).rejects.toThrow(
      /^the migrations could not be undone \(echo one.* ended with 3\)\n {2}one\n {2}no way down\n {2}the database still lists 20260201000000, 20260101000000$/,
    );
    await expect(back('true')).rejects.toThrow('are not undone, though true ended well');
    const command = `echo "to $VERSION:" $MIGRATIONS; for one in $MIGRATIONS; do ${input.command.replace(/ up$/, ' rollback')} || exit; done`;
    const done = await back(command);
    expect(done.undone).toEqual(['20260201000000', '20260101000000']);
    expect(await world.run(url, "select to_regclass('courses') as there")).toEqual([{ there: null }]);
    const path = logPath(input.directory, input.deployment, 'undo');
    expect(path).toContain('rollback-logs');
    expect(readFileSync(path, 'utf8')).toContain('to v1.0.0: 20260201000000 20260101000000');
    expect(await back('false')).toEqual(done);
    // A runner that died between the command and its marker.
    expect((await back('false', folderObjects(join(world.directory, 'lost')))).undone).toEqual(done.undone);
  });
});
