import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Source } from '../../release/ports/supply.ts';
import { readVersions } from './images.ts';

/** The sandbox's repository: a version that `versions.json` lists is a tag, and its commit follows from its name. */
export const sandboxSource = (application: string): Source => {
  const commitOf = (version: string): string => createHash('sha1').update(`sandbox ${version}`).digest('hex');
  return {
    tag: async (version) =>
      Object.hasOwn((await readVersions(application)).versions, version) ? commitOf(version) : undefined,
    head: () =>
      Promise.resolve({ commit: commitOf('main'), ref: 'refs/heads/main', actor: userInfo().username }),
  };
};
