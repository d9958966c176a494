import type { GithubEnvironment, Offered, Reviewer } from '../config/github.types.ts';
import { badInput } from '../lib/errors.ts';

const MINUTE = 60_000;
/** GitHub's limit, users and teams together. */
const MOST_REVIEWERS = 6;

/** A reviewer whose number is known. */
export interface KnownReviewer {
  readonly kind: 'user' | 'team';
  readonly id: number;
}

export interface PlannedPolicy {
  readonly kind: 'branch' | 'tag';
  readonly pattern: string;
}

export interface PlannedEnvironment {
  readonly environment: string;
  /** Undefined: nobody is asked. */
  readonly reviewers: { readonly users: readonly number[]; readonly teams: readonly number[] } | undefined;
  /** Minutes; undefined: none. */
  readonly waitTimer: number | undefined;
  readonly preventSelfReview: boolean;
  /** Empty: jobs of any branch and tag may run. */
  readonly policies: readonly PlannedPolicy[];
}

export interface EnvironmentPlanArgs {
  readonly environment: GithubEnvironment;
  readonly offered: Offered;
  /** Number of a reviewer who was looked up by name. */
  readonly idOf: (reviewer: Reviewer) => number;
}

/** What one GitHub environment consists of. What the plan of the account does not offer is left out. */
export const planEnvironment = ({ environment, offered, idOf }: EnvironmentPlanArgs): PlannedEnvironment => {
  const { name, branches, tags } = environment;
  const reviewers = offered.reviewers ? environment.reviewers : [];
  if (reviewers.length > MOST_REVIEWERS)
    throw badInput('the environment cannot be declared', [
      {
        path: `sluice:github.environments.${name}.reviewers`,
        reason: 'are too many',
        got: String(reviewers.length),
        allowed: `at most ${MOST_REVIEWERS}; a team counts as one`,
      },
    ]);
  const ids = (kind: 'user' | 'team') => reviewers.filter((r) => r.kind === kind).map(idOf);
  const waits = offered.reviewers && environment.waitTimer > 0;
  return {
    environment: name,
    reviewers: reviewers.length === 0 ? undefined : { users: ids('user'), teams: ids('team') },
    waitTimer: waits ? environment.waitTimer / MINUTE : undefined,
    preventSelfReview: reviewers.length > 0 && environment.preventSelfReview,
    policies: [
      ...branches.map((pattern) => ({ kind: 'branch', pattern }) as const),
      ...tags.map((pattern) => ({ kind: 'tag', pattern }) as const),
    ],
  };
};
