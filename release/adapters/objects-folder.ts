import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObjectStore } from '../ports/objects.ts';

const etagOf = (body: string): string => `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/**
 * Small objects as files below a folder. Writes are atomic (a temporary file, then a rename); the conditions hold
 * against other calls in this process, which is all that the working folder needs.
 */
export const folderObjects = (folder: string): ObjectStore => {
  const path = (key: string): string => join(folder, key);
  const get = async (key: string) => {
    try {
      const body = await readFile(path(key), 'utf8');
      return { body, etag: etagOf(body) };
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  };
  return {
    get,
    put: async (key, body, ifMatch) => {
      if (typeof ifMatch === 'string' && (await get(key))?.etag !== ifMatch) return undefined;
      await mkdir(dirname(path(key)), { recursive: true });
      const partial = `${path(key)}.${randomUUID()}.partial`;
      try {
        await writeFile(partial, body);
        // A link fails where a file is: "create where none is" without a gap between look and write.
        if (ifMatch === null) await link(partial, path(key));
        else await rename(partial, path(key));
      } catch (error) {
        if (ifMatch === null && isCode(error, 'EEXIST')) return undefined;
        throw error;
      } finally {
        await rm(partial, { force: true });
      }
      return etagOf(body);
    },
    list: async (prefix) => {
      const root = join(folder, dirname(`${prefix}x`));
      try {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        return entries
          .filter((e) => e.isFile() && !e.name.endsWith('.partial'))
          .map((e) => join(e.parentPath, e.name).slice(folder.length + 1))
          .filter((key) => key.startsWith(prefix))
          .sort();
      } catch (error) {
        if (isCode(error, 'ENOENT')) return [];
        throw error;
      }
    },
    delete: (key) => rm(path(key), { force: true }),
  };
};
