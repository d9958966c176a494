import { z } from 'zod';
import { choice, DAY, flag, list, MINUTE, named, strict, text, whole } from '../app/fields.ts';
import { duration } from '../app/fields.ts';
import { GITHUB_LIMITS } from './limits.ts';
import type { Reviewer } from '../github.types.ts';

/** GitHub environments: who is asked, how long is waited, from which branches and tags jobs may run. */

const REVIEWER_RULE =
  'a user such as octocat, a team such as azora/release, a numeric user id, {user: 583231} or {team: 4711}';
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/;
const TEAM = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[a-z0-9_-]{1,100}$/;

const isId = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

const readReviewer = (input: unknown): Reviewer | undefined => {
  if (isId(input)) return { kind: 'user', id: input };
  if (typeof input === 'string') {
    if (LOGIN.test(input)) return { kind: 'user', login: input };
    return TEAM.test(input) ? { kind: 'team', slug: input } : undefined;
  }
  if (typeof input !== 'object' || input === null) return undefined;
  const entries = Object.entries(input);
  const [kind, id] = entries[0] ?? [];
  if (entries.length !== 1 || !isId(id)) return undefined;
  return kind === 'user' || kind === 'team' ? { kind, id } : undefined;
};

const reviewer = z.unknown().transform((input, context): Reviewer => {
  const read = readReviewer(input);
  if (read !== undefined) return read;
  context.issues.push({
    code: 'custom',
    message: 'is nobody that GitHub could ask',
    params: { allowed: REVIEWER_RULE },
    input,
  });
  return z.NEVER;
});

const REF = /^[^\s~^:\\\p{Cc}]{1,255}$/u;
/** Patterns of branches or tags: `*` is any text without a slash. */
export const patterns = (what: string) =>
  list(text(REF, `a pattern such as ${what}`), `a list of patterns, e.g. [${what}]`, { max: 100 });

const minutes = duration(0, GITHUB_LIMITS.waitDays * DAY).refine((ms) => ms % MINUTE === 0, {
  error: 'is not a whole number of minutes',
  params: { allowed: `"0 minutes" to "${GITHUB_LIMITS.waitDays} days"` },
});

const environment = strict({
  /** Any one of them may approve. Default: nobody. */
  reviewers: list(
    reviewer,
    `at most ${GITHUB_LIMITS.reviewers} reviewers (GitHub's limit); a team counts as one`,
    { max: GITHUB_LIMITS.reviewers },
  ).optional(),
  /** Default: none; GitHub ends at 30 days. */
  waitTimer: minutes.optional(),
  /** Branches from which jobs may run. Default: what the triggers of this environment need. */
  branches: patterns('main').optional(),
  /** Tags from which jobs may run. Default: what the triggers of this environment need. */
  tags: patterns('v*').optional(),
  /** Whether who started a run may not approve it. Default: true where there are reviewers. */
  preventSelfReview: flag().optional(),
});

export const NAME_RULE = `a name of at most ${GITHUB_LIMITS.environmentName} characters without / \\ ' " or line breaks`;

export const environments = named(
  new RegExp(`^(?! )[^/\\\\'"\`,;{}[\\]()<>\\p{Cc}]{1,${GITHUB_LIMITS.environmentName}}(?<! )$`, 'u'),
  NAME_RULE,
  environment,
);

/** Who must agree to changes of workflow files. */
export const codeowners = list(
  text(
    /^@[A-Za-z0-9][A-Za-z0-9-]{0,38}(\/[a-z0-9_-]{1,100})?$/,
    'an owner such as @octocat or @azora/platform',
  ),
  'a list of owners, e.g. ["@azora/platform"]',
);

export const rulesets = strict({
  /** Rules for the default branch. */
  main: strict({
    /** Default: true. */
    enforced: flag().prefault(true),
    /** Approvals that a pull request needs. Default: 1. */
    approvals: whole(0, GITHUB_LIMITS.approvals).prefault(1),
    /** Whether owners of changed files must approve. Default: true where there are `codeowners`. */
    codeowners: flag().optional(),
    /** No merge commits. Default: false. */
    linearHistory: flag().prefault(false),
    /** Signed commits only. Default: false. */
    signatures: flag().prefault(false),
  }).prefault({}),
  /** Rules for release tags: nobody moves or deletes one. */
  tags: strict({
    /** Default: true. */
    enforced: flag().prefault(true),
    /** Default: the tags that deploy production, else `v*`. */
    patterns: patterns('v*').optional(),
    /** The least role in the repository that may make one: a tag deploys production. Default: maintain. */
    creators: choice('write', 'maintain', 'admin').prefault('maintain'),
  }).prefault({}),
});
