import { badInput } from '../lib/errors.ts';
import type { Problem } from '../lib/errors.ts';
import { crossGithub } from './github/cross.ts';
import { resolveGithub } from './github/resolve.ts';
import { GITHUB_STAND_INS, githubSchema } from './github/schema.ts';
import type { Github } from './github.types.ts';
import { meantPaths, problemsOf, showValue } from './problems.ts';
import { understand } from './understand.ts';

export { CODEOWNERS, codeownersText } from './github/codeowners.ts';
export { APPROVAL, approvalGate, githubWarnings, offered } from './github/offered.ts';
export { environmentOf, JOB_KINDS, roleArn, roleName, takesRole, workflowsOf } from './github/roles.ts';
export type { JobKind, WorkflowFile } from './github/roles.ts';

export interface GithubContext {
  /** The stack's name. Default: foundation. */
  readonly stack?: string;
  /** What paths in messages start with. Default: `sluice:github`. */
  readonly path?: string;
}

/**
 * Reads `sluice:github` as people write it into what it means. Throws one bad input (exit 2) with every problem:
 * unknown keys with the nearest valid one, values out of range, and settings that do not fit each other.
 */
export const parseGithub = (value: unknown, context: GithubContext = {}): Github => {
  const root = context.path ?? 'sluice:github';
  const file = `Pulumi.${context.stack ?? 'foundation'}.yaml`;
  const fail = (problems: readonly Problem[]): never => {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw badInput(
      `${file} has ${count}:`,
      problems,
      `Nothing was changed. Mend ${file} and run the command again.`,
    );
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const got = showValue(value ?? undefined, []);
    return fail([
      {
        path: root,
        reason: got === undefined ? 'is missing' : 'is not a map of settings',
        ...(got === undefined ? {} : { got }),
        allowed: 'a map with at least `application`, `repository` and `aws`',
      },
    ]);
  }
  const understood = understand(githubSchema, value, GITHUB_STAND_INS);
  const github = understood.value && resolveGithub(understood.value);
  const lost = [...understood.lost, ...meantPaths(understood.issues, value)];
  const problems = [
    ...problemsOf(understood.issues, value, root),
    ...(github === undefined ? [] : crossGithub({ github, input: value, root, lost })),
  ];
  return github !== undefined && problems.length === 0 ? github : fail(problems);
};
