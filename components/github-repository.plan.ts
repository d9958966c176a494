import type { Github, Offered } from '../config/github.types.ts';

/** Roles that every repository has, by GitHub's numbers for rulesets. */
const ROLES = { maintain: 2, write: 4, admin: 5 } as const;

export interface PlannedRuleset {
  /** Part of the resource's name, and the ruleset's name on GitHub. */
  readonly name: string;
  readonly target: 'branch' | 'tag';
  readonly refs: readonly string[];
  /** Numbers of the roles that the rules do not bind. */
  readonly bypass: readonly number[];
  readonly rules: {
    readonly creation?: true;
    readonly update?: true;
    readonly deletion?: true;
    readonly nonFastForward?: true;
    readonly requiredLinearHistory?: true;
    readonly requiredSignatures?: true;
    readonly pullRequest?: {
      readonly requiredApprovingReviewCount: number;
      readonly requireCodeOwnerReview: boolean;
      readonly dismissStaleReviewsOnPush: true;
      readonly requireLastPushApproval: boolean;
    };
    readonly checks?: readonly string[];
  };
}

/**
 * Rules for the default branch and for release tags. Two for tags, because who may pass one rule of a ruleset passes
 * all of it: nobody at all moves or deletes a release tag, and only some may make one.
 */
export const planRulesets = (
  { rulesets, checks }: Pick<Github, 'rulesets' | 'checks'>,
  offered: Offered,
): readonly PlannedRuleset[] => {
  if (!offered.rulesets) return [];
  const { main, tags } = rulesets;
  const refs = tags.patterns.map((pattern) => `refs/tags/${pattern}`);
  const creators = tags.creators === 'admin' ? [ROLES.admin] : [ROLES.maintain, ROLES.admin];
  const planned: PlannedRuleset[] = [];
  if (main.enforced)
    planned.push({
      name: 'main',
      target: 'branch',
      refs: ['~DEFAULT_BRANCH'],
      bypass: [],
      rules: {
        deletion: true,
        nonFastForward: true,
        ...(main.linearHistory ? { requiredLinearHistory: true } : {}),
        ...(main.signatures ? { requiredSignatures: true } : {}),
        pullRequest: {
          requiredApprovingReviewCount: main.approvals,
          requireCodeOwnerReview: main.codeowners,
          dismissStaleReviewsOnPush: true,
          // Somebody else has seen the last push, too.
          requireLastPushApproval: main.approvals > 0,
        },
        ...(checks.length === 0 ? {} : { checks }),
      },
    });
  if (tags.enforced) {
    planned.push({
      name: 'release-tags-stay',
      target: 'tag',
      refs,
      bypass: [],
      rules: { update: true, deletion: true, nonFastForward: true },
    });
    if (tags.creators !== 'write')
      planned.push({
        name: 'release-tags-made-by',
        target: 'tag',
        refs,
        bypass: creators,
        rules: { creation: true },
      });
  }
  return planned;
};
