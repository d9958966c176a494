import { ExpectedError } from '../../../lib/errors.ts';
import { requiredFinding } from '../../core/github/required.ts';
import type { Finding } from '../../core/engine/types.ts';
import type { Github } from '../../ports/github.ts';
import type { Context } from '../context.ts';

/**
 * What is wrong with the commit on GitHub: required checks (B2), and the tag as GitHub knows it (B1). `tagged` is the
 * commit of the version's tag here; without one, that is said elsewhere.
 */
export const githubFindings = async (c: Context, tagged: string | undefined): Promise<Finding[]> => {
  const commit = tagged ?? c.state.request.commit;
  const { github } = c.ports;
  const { checks, repository } = c.app;
  const wanted = checks.mode === 'require' ? checks.required : [];
  if (github === undefined)
    return wanted.length === 0
      ? []
      : [
          {
            check: 'checks',
            level: 'refuse',
            message: `required checks of ${repository ?? 'no repository'} cannot be looked up: there is no token for GitHub`,
            hint: 'set GITHUB_TOKEN (by hand: gh auth token), with checks, actions, contents and statuses: read',
          },
        ];
  try {
    const [required, tag] = await Promise.all([
      requiredFindings(github, wanted, commit, repository ?? ''),
      checks.tag && tagged !== undefined ? tagFindings(github, c.state.request.version, commit) : [],
    ]);
    return [...required, ...tag];
  } catch (error) {
    // GitHub's silence is one refusal among the others, not the end of the checks.
    if (!(error instanceof ExpectedError)) throw error;
    const { message, hint } = error;
    return [{ check: 'checks', level: 'refuse', message, ...(hint === undefined ? {} : { hint }) }];
  }
};

const requiredFindings = async (
  { checks }: Github,
  names: readonly string[],
  commit: string,
  repository: string,
): Promise<Finding[]> => {
  const all = await Promise.all(
    names.map(async (name) => {
      const result = await checks.of(name, commit);
      const passedOn = result === undefined ? await checks.lastPassed(name) : undefined;
      return requiredFinding({ name, result, passedOn }, commit, repository);
    }),
  );
  return all.filter((f) => f !== undefined);
};

const short = (commit: string): string => commit.slice(0, 12);

const tagFindings = async ({ tags }: Github, version: string, commit: string): Promise<Finding[]> => {
  const [there, merged] = await Promise.all([tags.find(version), tags.isOnDefaultBranch(commit)]);
  if (there === undefined)
    return [
      {
        check: 'tag',
        level: 'refuse',
        message: `tag ${version} is not on GitHub, only here`,
        hint: `git push origin ${version}`,
      },
    ];
  if (there !== commit)
    return [
      {
        check: 'tag',
        level: 'refuse',
        message: `tag ${version} is ${short(commit)} here and ${short(there)} on GitHub: it was moved`,
        hint: `release under a new version; or, to take GitHub's: git fetch --force origin tag ${version}`,
      },
    ];
  if (merged) return [];
  const message = `commit ${short(commit)} of ${version} is not on the default branch: merge it, or the next release takes it back`;
  return [{ check: 'tag', level: 'warn', message }];
};
