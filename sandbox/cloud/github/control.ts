import type { Route } from '../control.ts';
import type { LocalGithub } from './server.ts';
import type { GithubFault, Seed } from './state.ts';

/** How demos and tests lay things into the local GitHub, look at it, and let it fail. */
export const githubRoutes = ({ state }: LocalGithub): Route[] => [
  { at: 'POST /github/seed', handle: ({ body }) => state.seed(body as Seed) },
  {
    at: 'GET /github/repositories/*',
    handle: ({ rest }) => {
      const found = state.repositories.get(rest);
      return found === undefined ? null : { ...found, tags: Object.fromEntries(found.tags) };
    },
  },
  { at: 'GET /github/calls', handle: () => state.seen },
  {
    at: 'DELETE /github/calls',
    handle: () => {
      state.seen.length = 0;
    },
  },
  { at: 'PUT /github/fault', handle: ({ body }) => state.break(body as GithubFault) },
  { at: 'DELETE /github/fault', handle: () => state.break(undefined) },
];
