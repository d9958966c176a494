import { z } from 'zod';
import { ExpectedError } from '../../../lib/errors.ts';
import type { Reviews } from '../../ports/github.ts';
import { understood, type GithubClient } from './client.ts';

const review = z.object({
  state: z.string(),
  user: z.object({ login: z.string() }),
  environments: z.array(z.object({ name: z.string() })),
});

const user = z.object({ login: z.string() });

export const githubReviews = ({ root, call }: GithubClient): Reviews => ({
  ofRun: async (run) => {
    const body = await call({ path: `${root}/actions/runs/${encodeURIComponent(run)}/approvals` });
    return understood(z.array(review), body ?? []).flatMap(({ state, user, environments }) =>
      state === 'approved' || state === 'rejected'
        ? [{ by: user.login, state, environments: environments.map((e) => e.name) }]
        : [],
    );
  },
  me: async () => {
    try {
      const body = await call({ path: '/user' });
      return body === undefined ? undefined : understood(user, body).login;
    } catch (error) {
      // A job's own token is nobody's.
      if (error instanceof ExpectedError && error.message.includes('not allowed')) return undefined;
      throw error;
    }
  },
});
