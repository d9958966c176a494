import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { type Account, cacheFolder, canEnter, serverAccount, spawnAs, temporaryFolder } from './account.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { freePort } from '../free-port.ts';
import { copyTemplate, findTemplate } from './template.ts';

/** Part of the binaries' package name and of the cache's: another version initialises another template. */
const CACHE = 'sluice-postgres-18.4.0-beta.17';
const READY_WITHIN_MS = 20_000;

/** What must be told about processes and folders, so that they go when this process dies. */
export interface Undertaker {
  adopt(pid: number, how?: { group?: boolean; signal?: NodeJS.Signals }): void;
  release(pid: number): void;
  removeLater(path: string): void;
}

export interface Postgres {
  readonly port: number;
  readonly pid: number;
  /** As the superuser; `database` defaults to `postgres`. */
  url(database?: string): string;
  readonly superuserUrl: string;
  /** Makes a database unless it is there, and resolves to its URL. */
  createDatabase(name: string): Promise<string>;
  /** Stops at once and removes the data. */
  close(): Promise<void>;
}

/**
 * Starts a PostgreSQL 18 of its own on 127.0.0.1, a free port and a random password, as any user (root runs it
 * as nobody). Its data goes below `directory`, or below the temporary folder where the server's account cannot
 * get into `directory`; it is new on every start, and gone after `close`. Nothing survives a power cut: fsync is off.
 */
export const startPostgres = async (options: {
  readonly directory: string;
  readonly reaper?: Undertaker;
}): Promise<Postgres> => {
  const account = serverAccount();
  mkdirSync(options.directory, { recursive: true });
  const remove: string[] = [];
  const temporary = (path: string): void => {
    remove.push(path);
    options.reaper?.removeLater(path);
  };
  const tidy = (): void => {
    for (const path of remove) rmSync(path, { recursive: true, force: true });
  };
  try {
    const data = dataFolder(options.directory, account, temporary);
    const cache = cacheFolder(CACHE, account) ?? privateCache(account, temporary);
    const binaries = findBinaries(cache, account);
    const template = await findTemplate(cache, binaries, account, temporary);
    await copyTemplate(template, data, account);
    const log = join(options.directory, 'postgres.log');
    const server = await startServer(binaries, data, log, account, options.reaper);
    const password = randomBytes(24).toString('base64url');
    // sslmode: some clients insist on TLS where nothing is said.
    const url = (secret: string, database = 'postgres'): string =>
      `postgresql://postgres:${secret}@127.0.0.1:${server.port}/${encodeURIComponent(database)}?sslmode=disable`;
    await query(url(template.password), `ALTER ROLE postgres PASSWORD ${escapeLiteral(password)}`);
    return {
      port: server.port,
      pid: server.pid,
      url: (database) => url(password, database),
      superuserUrl: url(password),
      createDatabase: async (name) => {
        try {
          await query(url(password), `CREATE DATABASE ${escapeIdentifier(name)}`);
        } catch (error) {
          if ((error as { code?: string }).code !== '42P04') throw error;
        }
        return url(password, name);
      },
      close: async () => {
        await server.stop();
        tidy();
      },
    };
  } catch (error) {
    tidy();
    throw error;
  }
};

const dataFolder = (directory: string, account: Account, temporary: (path: string) => void): string => {
  const parent = canEnter(directory, account) ? directory : temporaryFolder('sluice-pg-', account);
  if (parent !== directory) {
    temporary(parent);
  }
  const data = join(parent, 'data');
  // What a killed sandbox may have left.
  rmSync(data, { recursive: true, force: true });
  temporary(data);
  return data;
};

const privateCache = (account: Account, temporary: (path: string) => void): string => {
  const folder = temporaryFolder('sluice-pg-cache-', account);
  temporary(folder);
  return folder;
};

const query = async (url: string, sql: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

interface Server {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Between asking for a free port and using it another process may take it: then the next one is tried. */
const startServer = async (
  binaries: Binaries,
  data: string,
  log: string,
  account: Account,
  reaper: Undertaker | undefined,
): Promise<Server> => {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawnServer(binaries, data, log, port, account);
    const pid = child.pid;
    if (pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error];
      throw error;
    }
    // SIGQUIT is PostgreSQL's immediate stop: it takes its own children and shared memory along.
    reaper?.adopt(pid, { signal: 'SIGQUIT' });
    const stop = async (): Promise<void> => {
      await stopServer(child);
      reaper?.release(pid);
    };
    if (await isReady(child, data)) return { port, pid, stop };
    await stop();
    const said = readFileSync(log, 'utf8');
    if (attempt < 5 && said.includes('could not bind')) continue;
    throw new Error(`PostgreSQL did not start: ${said.trim().slice(-2000)}`);
  }
};

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  shared_buffers: '64MB',
  max_connections: '200',
  jit: 'off',
  timezone: 'UTC',
};

const spawnServer = (
  binaries: Binaries,
  data: string,
  log: string,
  port: number,
  account: Account,
): ChildProcess => {
  const settings = Object.entries(SETTINGS).flatMap(([k, v]) => ['-c', `${k}=${v}`]);
  const output = openSync(log, 'w', 0o600);
  try {
    // In a group of its own: a Ctrl-C in the terminal is not meant for it.
    return spawnAs(account, binaries.postgres, ['-D', data, '-p', String(port), ...settings], {
      stdio: ['ignore', output, output],
      detached: true,
    });
  } finally {
    closeSync(output);
  }
};

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const isReady = async (child: ChildProcess, data: string): Promise<boolean> => {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!hasEnded(child) && Date.now() < deadline) {
    try {
      // The eighth line of the pid file is the server's status.
      if (readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() === 'ready') return true;
    } catch {
      // Not written yet.
    }
    await delay(5);
  }
  return false;
};

const stopServer = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGQUIT');
  const insist = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(insist);
};
