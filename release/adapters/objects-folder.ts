import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { ObjectStore } from '../ports/objects.ts';

const etagOf = (body: string): string => `"${createHash('sha256').update(body).digest('hex')}"`;
/** A key may hold any character; a file's name may not, and must not leave the folder. */
const encode = (key: string): string =>
  key
    .split('/')
    .map(
      (part) =>
        encodeURIComponent(part)
          .replaceAll('*', '%2A')
          .replace(/^\.+$/, (dots) => dots.replaceAll('.', '%2E')) || '%',
    )
    .join(sep);
const decode = (path: string): string =>
  path
    .split(sep)
    .map((part) => (part === '%' ? '' : decodeURIComponent(part)))
    .join('/');

/**
 * The same as a folder of files, for tests and for a machine without a bucket. Conditions hold between writers of
 * one process; between processes only "create where none is" does. `ending` keeps a key `a` apart from a folder for
 * `a/b`; '' gives files under their own names, for people.
 */
export const folderObjects = (folder: string, ending = '.object'): ObjectStore => {
  const pathOf = (key: string): string => join(folder, `${encode(key)}${ending}`);
  const read = (key: string): { body: string; etag: string } | undefined => {
    const path = pathOf(key);
    if (!existsSync(path)) return undefined;
    const body = readFileSync(path, 'utf8');
    return { body, etag: etagOf(body) };
  };
  // Synchronous inside: nothing can come between looking and writing.
  const put = (key: string, body: string, ifMatch: string | null | undefined): string | undefined => {
    if (typeof ifMatch === 'string' && read(key)?.etag !== ifMatch) return undefined;
    const path = pathOf(key);
    mkdirSync(dirname(path), { recursive: true });
    const fresh = `${path}.${randomBytes(6).toString('hex')}`;
    writeFileSync(fresh, body);
    try {
      if (ifMatch !== null) renameSync(fresh, path);
      else linkSync(fresh, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return undefined;
    } finally {
      rmSync(fresh, { force: true });
    }
    return etagOf(body);
  };
  const list = (prefix: string): string[] =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
          .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
          .map((path) => decode(path.slice(0, path.length - ending.length)))
          .filter((key) => key.startsWith(prefix))
          .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      : [];
  return {
    get: async (key) => Promise.resolve(read(key)),
    put: async (key, body, ifMatch) => Promise.resolve(put(key, body, ifMatch)),
    list: async (prefix) => Promise.resolve(list(prefix)),
    delete: async (key) => Promise.resolve(rmSync(pathOf(key), { force: true })),
  };
};
