import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** PostgreSQL refuses to run as root, so root runs it as this account, which owns nothing else. */
const NOBODY = 65_534;

export interface Account {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

export const serverAccount = (): Account =>
  process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : { uid: undefined, gid: undefined };

/** Whether the server's account can get into a folder: root's own folders are often closed to all others. */
export const canEnter = (folder: string, account: Account): boolean => {
  if (account.uid === undefined) return true;
  for (let at = resolve(folder); ; at = dirname(at)) {
    const { mode, uid } = statSync(at);
    if (uid !== account.uid && (mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

/** A folder for temporary files that the server's account can get into. */
const openTemporary = (account: Account): string => {
  const found = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => {
    try {
      return canEnter(folder, account);
    } catch {
      return false;
    }
  });
  return found ?? tmpdir();
};

export const temporaryFolder = (prefix: string, account: Account): string => {
  const folder = mkdtempSync(join(openTemporary(account), prefix));
  // mkdtemp closes it to everybody else; the server's account has to pass.
  if (account.uid !== undefined) chmodSync(folder, 0o711);
  return folder;
};

/**
 * A folder that is kept between starts. It lies where everybody may write, so it is used only when it is this
 * user's own and nobody else can write into it; undefined otherwise.
 */
export const cacheFolder = (name: string, account: Account): string | undefined => {
  const me = process.getuid?.();
  const folder = join(openTemporary(account), `${name}-${me ?? 'user'}`);
  try {
    mkdirSync(folder, { mode: 0o711 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return undefined;
  }
  const found = lstatSync(folder);
  const ours = found.isDirectory() && (me === undefined || found.uid === me) && (found.mode & 0o022) === 0;
  return ours ? folder : undefined;
};

export const spawnAs = (
  account: Account,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess =>
  spawn(command, args, {
    cwd: '/',
    // Nothing of this process's environment: PGDATA, PGPORT or a locale would change what is started.
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...options,
    ...(account.uid === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });

/** Runs to the end; throws with what it printed when it fails. */
export const run = async (account: Account, command: string, args: readonly string[]): Promise<void> => {
  const child = spawnAs(account, command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`${command} ended with ${code ?? 'a signal'}: ${output.trim().slice(-2000)}`);
};
