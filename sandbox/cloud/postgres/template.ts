import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Account, run } from './account.ts';
import type { Binaries } from './binaries.ts';

export interface Template {
  /** An initialised data directory that nobody starts. */
  readonly data: string;
  /** The superuser's password in it; every start sets another one. */
  readonly password: string;
}

const open = (home: string): Template | undefined => {
  try {
    return { data: join(home, 'data'), password: readFileSync(join(home, 'password'), 'utf8') };
  } catch {
    return undefined;
  }
};

/**
 * The template in `cache`, made by initdb on the first call. Several processes may make it at the same time:
 * each works in a folder of its own, and the first to rename it wins.
 */
export const findTemplate = async (
  cache: string,
  binaries: Binaries,
  account: Account,
  onTemporary: (path: string) => void,
): Promise<Template> => {
  const home = join(cache, 'template');
  const found = open(home);
  if (found !== undefined) return found;
  const fresh = join(cache, `template-${randomBytes(6).toString('hex')}`);
  onTemporary(fresh);
  try {
    mkdirSync(fresh, { mode: 0o711 });
    chmodSync(fresh, 0o711);
    await initialise(fresh, binaries, account);
    renameSync(fresh, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  const made = open(home);
  if (made === undefined) throw new Error(`${home} disappeared while it was made`);
  return made;
};

const initialise = async (home: string, binaries: Binaries, account: Account): Promise<void> => {
  const data = join(home, 'data');
  ownFolder(data, account);
  const password = randomBytes(24).toString('base64url');
  const file = join(data, '..', 'initial');
  writeFileSync(file, password, { mode: 0o600 });
  if (account.uid !== undefined) chownSync(file, account.uid, account.gid ?? account.uid);
  await run(account, binaries.initdb, [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${file}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorts and compares the same on every machine.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ]);
  rmSync(file);
  writeFileSync(join(home, 'password'), password, { mode: 0o600 });
};

/** A new folder that only the server's account can read, as PostgreSQL wants it. */
export const ownFolder = (path: string, account: Account): void => {
  mkdirSync(path, { mode: 0o700 });
  if (account.uid !== undefined) chownSync(path, account.uid, account.gid ?? account.uid);
};

/** Copies the template, by the account that will own the copy. */
export const copyTemplate = async (template: Template, to: string, account: Account): Promise<void> => {
  ownFolder(to, account);
  await run(account, 'cp', ['-R', '-p', `${template.data}/.`, to]);
};
