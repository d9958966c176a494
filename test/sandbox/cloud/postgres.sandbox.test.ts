import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { serverAccount } from '../../../sandbox/cloud/postgres/account.ts';
import { findBinaries, packaged } from '../../../sandbox/cloud/postgres/binaries.ts';
import { startPostgres } from '../../../sandbox/cloud/postgres/index.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-pgtest-'));
chmodSync(root, 0o755);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const ask = async (url: string, sql: string): Promise<unknown> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows[0];
  } finally {
    await client.end();
  }
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('PostgreSQL of the sandbox', () => {
  it('starts, makes databases, wants the password, listens on loopback alone, and is gone after close', async () => {
    const directory = join(root, 'one');
    const told: string[] = [];
    const postgres = await startPostgres({
      directory,
      reaper: {
        adopt: (pid, how) => told.push(`adopt ${pid} ${how?.signal}`),
        release: (pid) => told.push(`release ${pid}`),
        removeLater: () => undefined,
      },
    });
    try {
      const url = await postgres.createDatabase('azora "staging"');
      await postgres.createDatabase('azora "staging"');
      expect(
        await ask(
          url,
          "SELECT current_database() AS name, 18 <= current_setting('server_version_num')::int / 10000 AS new",
        ),
      ).toEqual({
        name: 'azora "staging"',
        new: true,
      });
      const wrong = new URL(url);
      wrong.password = 'wrong';
      await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
      expect(await ask(url, 'SHOW listen_addresses')).toEqual({ listen_addresses: '127.0.0.1' });
      expect(await ask(url, "SELECT 'ä' < 'b' AS bytes, upper('ä') AS upper")).toEqual({
        bytes: false,
        upper: 'Ä',
      });
    } finally {
      await postgres.close();
    }
    expect(isAlive(postgres.pid)).toBe(false);
    expect(told).toEqual([`adopt ${postgres.pid} SIGQUIT`, `release ${postgres.pid}`]);
    expect(readdirSync(directory)).toEqual(['postgres.log']);
  });

  it('starts twice at the same time, each with data and password of its own', async () => {
    const both = await Promise.all(['a', 'b'].map((name) => startPostgres({ directory: join(root, name) })));
    try {
      await both[0]?.createDatabase('only_a');
      expect(
        await ask(
          both[1]?.superuserUrl ?? '',
          "SELECT count(*)::int AS n FROM pg_database WHERE datname = 'only_a'",
        ),
      ).toEqual({ n: 0 });
      const [a, b] = both.map((p) => new URL(p.superuserUrl));
      expect(a?.port).not.toBe(b?.port);
      expect(a?.password).not.toBe(b?.password);
    } finally {
      await Promise.all(both.map((p) => p.close()));
    }
  });

  it('runs where its account cannot get in, and as a user that is not root', async () => {
    const closed = join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const postgres = await startPostgres({ directory: join(closed, 'inner') });
    expect(await ask(postgres.superuserUrl, 'SELECT 1 AS one')).toEqual({ one: 1 });
    await postgres.close();

    const open = join(root, 'open');
    mkdirSync(open, { mode: 0o777 });
    chmodSync(open, 0o777);
    const index = new URL('../../../sandbox/cloud/postgres/index.ts', import.meta.url).pathname;
    const script = `import { startPostgres } from ${JSON.stringify(index)};
      const p = await startPostgres({ directory: ${JSON.stringify(join(open, 'x'))} });
      console.log(process.getuid() !== 0 && (await p.createDatabase('d')).endsWith('/d?sslmode=disable'));
      await p.close();`;
    const { uid, gid } = serverAccount();
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: '/',
      env: { TMPDIR: open },
      ...(uid === undefined ? {} : { uid, gid }),
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    await once(child, 'close');
    expect(said.trim()).toBe('true');
  });

  it('runs when npm was not allowed to run install scripts: links are made in a copy', () => {
    const { native, links } = packaged();
    const bare = join(root, 'package', 'native');
    cpSync(native, bare, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !lstatSync(path).isSymbolicLink() && !path.endsWith('.a'),
    });
    const cache = join(root, 'cache');
    mkdirSync(cache);
    const found = findBinaries(cache, serverAccount(), { native: bare, links });
    expect(found.postgres.startsWith(cache)).toBe(true);
    expect(execFileSync(found.initdb, ['--version'], { encoding: 'utf8' })).toContain('18.');
    expect(links.every((l) => existsSync(join(cache, l.target)))).toBe(true);
    expect(statSync(found.postgres).mode & 0o001).toBe(1);
    expect(findBinaries(cache, serverAccount(), { native: bare, links })).toEqual(found);
  });
});
