import { z } from 'zod';
import type { RepositoryTags } from '../../ports/github.ts';
import { understood, type GithubClient } from './client.ts';

const pointer = z.object({ object: z.object({ type: z.string(), sha: z.string() }) });

const repository = z.object({ default_branch: z.string() });
const comparison = z.object({ status: z.string() });

/** Tags may stand for tags: nobody nests them deeper. */
const DEEPEST = 5;

export const githubTags = ({ root, call }: GithubClient): RepositoryTags => ({
  find: async (tag) => {
    let body = await call({ path: `${root}/git/ref/tags/${encodeURIComponent(tag)}` });
    for (let depth = 0; body !== undefined && depth < DEEPEST; depth += 1) {
      const { object } = understood(pointer, body);
      if (object.type === 'commit') return object.sha;
      body = await call({ path: `${root}/git/tags/${object.sha}` });
    }
    return undefined;
  },
  isOnDefaultBranch: async (commit) => {
    const body = await call({ path: root });
    if (body === undefined) return false;
    const { default_branch: branch } = understood(repository, body);
    const compared = await call({ path: `${root}/compare/${encodeURIComponent(branch)}...${commit}` });
    if (compared === undefined) return false;
    return ['behind', 'identical'].includes(understood(comparison, compared).status);
  },
});
