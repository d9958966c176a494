import { getTeam } from '@pulumi/github/getTeam.js';
import { getUser } from '@pulumi/github/getUser.js';
import type { GithubEnvironment, Reviewer } from '../config/github.types.ts';
import { EXIT, ExpectedError, type Problem } from '../lib/errors.ts';
import { reasonOf } from './reasons.ts';

/** `user octocat`: what a reviewer is called in messages, and told apart by. */
const keyOf = (reviewer: Reviewer): string =>
  `${reviewer.kind} ${'id' in reviewer ? reviewer.id : 'slug' in reviewer ? reviewer.slug : reviewer.login}`;

const lookUp = async (reviewer: Reviewer): Promise<number> => {
  if ('id' in reviewer) return reviewer.id;
  const found =
    'slug' in reviewer
      ? await getTeam({ slug: reviewer.slug.split('/')[1] ?? reviewer.slug, summaryOnly: true })
      : await getUser({ username: reviewer.login });
  const id = Number(found.id);
  if (!Number.isSafeInteger(id) || id <= 0) throw new Error(`it has no number (${found.id})`);
  return id;
};

/**
 * Numbers of all reviewers: GitHub takes no names. Those who do not exist are named together in one refusal, before
 * anything is changed.
 */
export const resolveReviewers = async (
  environments: readonly GithubEnvironment[],
): Promise<(reviewer: Reviewer) => number> => {
  const wanted = new Map<string, { readonly reviewer: Reviewer; readonly where: string }>();
  for (const { name, reviewers } of environments)
    for (const [i, reviewer] of reviewers.entries())
      wanted.set(keyOf(reviewer), {
        reviewer,
        where: `sluice:github.environments.${name}.reviewers[${i}]`,
      });
  const entries = [...wanted];
  const found = await Promise.allSettled(entries.map(([, { reviewer }]) => lookUp(reviewer)));
  const ids = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [i, result] of found.entries()) {
    const [key, entry] = entries[i] ?? [];
    if (key === undefined || entry === undefined) continue;
    if (result.status === 'fulfilled') ids.set(key, result.value);
    else problems.push({ path: entry.where, reason: reasonOf(result.reason), got: key });
  }
  if (problems.length > 0)
    throw new ExpectedError(
      [
        'reviewers cannot be found on GitHub; nothing was changed',
        ...problems.map((p) => `  ${p.path} (${p.got ?? ''}): ${p.reason}`),
      ].join('\n'),
      { exit: EXIT.refused, problems, hint: 'see that the name is right and may read the repository' },
    );
  return (reviewer) => {
    const id = ids.get(keyOf(reviewer));
    if (id === undefined) throw new Error(`${keyOf(reviewer)} was not looked up`);
    return id;
  };
};
