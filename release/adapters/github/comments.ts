import { z } from 'zod';
import type { PullComments } from '../../ports/github.ts';
import { understood, type GithubClient } from './client.ts';

const comment = z.object({
  id: z.number(),
  body: z.string().nullable().optional(),
  user: z.object({ login: z.string() }).nullable(),
});
const repository = z.object({ full_name: z.string() });
const pull = z.object({
  number: z.number(),
  state: z.string(),
  // The repository of a branch may be gone.
  head: z.object({ repo: repository.nullable() }),
  base: z.object({ repo: repository }),
});

export const githubComments = ({ root, call, all }: GithubClient): PullComments => ({
  pullsOf: async (commit) =>
    understood(z.array(pull), await all(`${root}/commits/${commit}/pulls`)).map(
      ({ number, state, head, base }) => ({
        number,
        open: state === 'open',
        fork: head.repo?.full_name !== base.repo.full_name,
      }),
    ),
  list: async (number) =>
    understood(z.array(comment), await all(`${root}/issues/${number}/comments`)).map(
      ({ id, body, user }) => ({
        id,
        body: body ?? '',
        by: user?.login ?? '',
      }),
    ),
  create: async (number, body) => {
    await call({ method: 'POST', path: `${root}/issues/${number}/comments`, body: { body } });
  },
  update: async (id, body) => {
    await call({ method: 'PATCH', path: `${root}/issues/comments/${id}`, body: { body } });
  },
});
