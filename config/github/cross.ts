import type { Problem } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { showPath, showValue, valueAt, type Path } from '../problems.ts';
import { ENVIRONMENTS, type Github, type Reviewer } from '../github.types.ts';
import { GITHUB_LIMITS } from './limits.ts';
import { environmentOf } from './roles.ts';

export interface CrossInput {
  readonly github: Github;
  /** As written, to show what was given. */
  readonly input: unknown;
  readonly root: string;
  /** Settings that could not be read. A conclusion from one of them would be noise. */
  readonly lost: readonly Path[];
}

type Tell = (path: Path, reason: string, allowed?: string, got?: string) => void;

/** Problems that show only when settings are seen together. */
export const crossGithub = ({ github, input, root, lost }: CrossInput): Problem[] => {
  const problems: Problem[] = [];
  const tell: Tell = (path, reason, allowed, given) => {
    const related = (gone: Path): boolean =>
      gone.slice(0, path.length).every((step, i) => step === path[i]) ||
      path.slice(0, gone.length).every((step, i) => step === gone[i]);
    if (lost.some(related)) return;
    const got = given ?? showValue(valueAt(input, path), path);
    problems.push({
      path: showPath(root, path),
      reason,
      ...(got === undefined ? {} : { got }),
      ...(allowed === undefined ? {} : { allowed }),
    });
  };
  crossEnvironments(github, tell);
  crossReviewers(github, tell);
  for (const kind of ['secrets', 'variables'] as const) crossNames(github, kind, tell);
  if (github.workflowFiles === 'resource' && github.rulesets.main.enforced)
    tell(
      ['workflowFiles'],
      `cannot be pushed: the rules of ${github.repository.defaultBranch} want a pull request`,
      'tree, or `rulesets: { main: { enforced: false } }`',
    );
  crossTriggers(github, tell);
  return problems;
};

/** GitHub keeps names of environments, secrets and variables without their case: two that differ in it are one. */
const caseTwins = (names: readonly string[], see: (name: string, first: string) => void): void => {
  const seen = new Map<string, string>();
  for (const name of names) {
    const first = seen.get(name.toLowerCase());
    if (first === undefined) seen.set(name.toLowerCase(), name);
    else see(name, first);
  }
};

const crossEnvironments = ({ environments, stacks }: Github, tell: Tell): void => {
  caseTwins(Object.keys(environments), (name, first) => {
    const known = ENVIRONMENTS.some((e) => e === first);
    tell(
      ['environments', name],
      `differs only in case from ${known ? `the environment \`${first}\` that jobs use` : `\`${first}\``}, and GitHub takes them for one`,
      known ? `\`${first}\`` : 'names that differ in more than case',
      `\`${name}\``,
    );
  });
  if (stacks.staging === stacks.production)
    tell(['stacks', 'production'], 'is the stack of staging already', 'a stack of its own');
};

const nameOfReviewer = (reviewer: Reviewer): string =>
  'id' in reviewer
    ? `${reviewer.kind} ${reviewer.id}`
    : reviewer.kind === 'team'
      ? reviewer.slug.toLowerCase()
      : reviewer.login.toLowerCase();

const crossReviewers = ({ environments, repository }: Github, tell: Tell): void => {
  for (const { name, reviewers } of Object.values(environments)) {
    const seen = new Set<string>();
    for (const [i, reviewer] of reviewers.entries()) {
      const path = ['environments', name, 'reviewers', i];
      const shown = nameOfReviewer(reviewer);
      if (seen.has(shown)) tell(path, 'stands there twice', 'each reviewer once');
      seen.add(shown);
      if (!('slug' in reviewer)) continue;
      const [organization = ''] = reviewer.slug.split('/');
      if (organization.toLowerCase() !== repository.owner.toLowerCase())
        tell(
          path,
          `is a team of another organization than the repository's`,
          `a team of ${repository.owner}, e.g. ${repository.owner}/release`,
        );
    }
  }
};

const crossNames = (github: Github, kind: 'secrets' | 'variables', tell: Tell): void => {
  const names = github[kind];
  const environments = Object.keys(github.environments);
  caseTwins(Object.keys(names), (name, first) => {
    tell(
      [kind, name],
      `differs only in case from \`${first}\`, and GitHub takes them for one`,
      undefined,
      `\`${name}\``,
    );
  });
  const held = new Map<string, number>();
  for (const [name, { environments: wanted, use }] of Object.entries(names)) {
    for (const [i, environment] of wanted.entries()) {
      held.set(environment, (held.get(environment) ?? 0) + 1);
      if (environments.includes(environment)) continue;
      const meant = nearest(environment, environments);
      tell(
        [kind, name, 'environments', i],
        `no environment is named so${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
        environments.join(', '),
        `\`${environment}\``,
      );
    }
    twiceUsed(github, kind, name, use, tell);
    if (
      kind === 'secrets' &&
      /^PROD(UCTION)?_/i.test(name) &&
      wanted.includes(environmentOf('production', 'preview'))
    )
      tell(
        [kind, name, 'environments'],
        'gives a secret of production to previews, which run for whoever opens a pull request',
        'environments other than preview',
        wanted.join(', '),
      );
  }
  for (const [environment, count] of held)
    if (count > GITHUB_LIMITS.namesPerEnvironment)
      tell(
        [kind],
        `are too many in environment ${environment}`,
        `at most ${GITHUB_LIMITS.namesPerEnvironment}`,
        String(count),
      );
};

/** Two names in one environment that a job would get as one variable. */
const twiceUsed = (
  github: Github,
  kind: 'secrets' | 'variables',
  name: string,
  use: string,
  tell: Tell,
): void => {
  const all = [...Object.entries(github.secrets), ...Object.entries(github.variables)];
  const own = github[kind][name]?.environments ?? [];
  const mine = all.findIndex(([other, value]) => other === name && value === github[kind][name]);
  const before = all
    .slice(0, mine)
    .find(([, other]) => other.use === use && other.environments.some((e) => own.includes(e)));
  if (before !== undefined)
    tell(
      [kind, name, 'use'],
      `is what \`${before[0]}\` is used as already in the same environment`,
      'another name',
      `\`${use}\``,
    );
};

const crossTriggers = ({ triggers, repository }: Github, tell: Tell): void => {
  const { staging, production } = triggers;
  if (!production.dispatch && !production.promote && !production.afterStaging && production.tags.length === 0)
    tell(['triggers', 'production'], 'has nothing that deploys', 'tags, dispatch, promote or afterStaging');
  if (staging.paths.length > 0 && staging.push.length === 0)
    tell(['triggers', 'staging', 'paths'], 'limits pushes, and no push deploys', 'with `push: [main]`');
  if (production.afterStaging && !staging.push.includes(repository.defaultBranch))
    tell(
      ['triggers', 'production', 'afterStaging'],
      `needs staging to be deployed by pushes to ${repository.defaultBranch}`,
      `\`push: [${repository.defaultBranch}]\` below triggers.staging, or false`,
    );
};
