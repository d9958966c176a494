import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Source } from '../../release/ports/supply.ts';
import { readVersions } from './images.ts';

/** The sandbox's repository: a version that `versions.json` lists is a tag, and its commit follows from its name. */
export const sandboxSource = (application: string): Source => {
  const commitOf = (version: string): string => createHash('sha1').update(`sandbox ${version}`).digest('hex');
  return {
    tag: async (version) =>
      Object.hasOwn((await readVersions(application)).versions, version) ? commitOf(version) : undefined,
    // What is on disk was last changed when its list of versions was.
    madeAt: async () => Math.round((await stat(join(application, 'versions.json'))).mtimeMs),
    head: () =>
      Promise.resolve({ commit: commitOf('main'), ref: 'refs/heads/main', actor: userInfo().username }),
  };
};
