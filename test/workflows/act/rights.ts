import { expect } from 'vitest';
import type { Seen } from '../../../sandbox/cloud/github/state.ts';

/** One job of a rendered file, as far as its rights go. */
export interface JobWithRights {
  readonly permissions?: Readonly<Record<string, 'read' | 'write'>>;
  readonly steps?: readonly { readonly uses?: string }[];
}

/** What actions need that are not asked for by the API: the documentation of each names it. */
const OF_ACTIONS: Readonly<Record<string, string>> = {
  'actions/checkout': 'contents=read',
  'aws-actions/configure-aws-credentials': 'id-token=write',
};

/** Whoever may write may read; everybody may read what a repository is called. */
const least = (rights: readonly string[]): string[] => {
  const all = new Set(rights.map((r) => r.replaceAll('_', '-')));
  return [...all]
    .filter((r) => !r.startsWith('metadata='))
    .filter((r) => !r.endsWith('=read') || !all.has(r.replace(/=read$/, '=write')))
    .toSorted();
};

/** The rights that a job took: those of its actions, and those of the calls that it made. */
export const neededBy = (job: JobWithRights, calls: readonly Seen[]): string[] =>
  least([
    ...(job.steps ?? []).flatMap(({ uses }) => OF_ACTIONS[uses?.split('@')[0] ?? ''] ?? []),
    // Where one of several rights is enough, the first is the one that jobs are given.
    ...calls.flatMap((c) => c.needs?.split('; ')[0] ?? []),
  ]);

export const grantedTo = ({ permissions = {} }: JobWithRights): string[] =>
  Object.entries(permissions)
    .map(([scope, access]) => `${scope}=${access}`)
    .toSorted();

/** Why a job that tells GitHub has more than it took. */
export const NO_PULL = {
  'pull-requests=write': 'the commit came from no pull request: nothing to comment on',
};

/**
 * Every job that ran had what it took and nothing more. `more`: right → why a job has it although this run did not
 * take it. The local GitHub gives each job a token with its own rights, so one that is missing was refused there.
 */
export const expectLeastRights = (
  jobs: Readonly<Record<string, JobWithRights>>,
  ran: readonly string[],
  calls: readonly Seen[],
  more: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): void => {
  // Whose token it is: that a job has no login is the answer.
  const refused = calls.filter((c) => c.path !== '/user' && (c.status === 401 || c.status === 403));
  expect(refused).toEqual([]);
  const granted = Object.fromEntries(ran.map((id) => [id, grantedTo(jobs[id] ?? {})]));
  const needed = Object.fromEntries(
    ran.map((id) => {
      const own = calls.filter((c) => c.as?.endsWith(`/${id}`) === true);
      return [id, least([...neededBy(jobs[id] ?? {}, own), ...Object.keys(more[id] ?? {})])];
    }),
  );
  expect(granted).toEqual(needed);
};
