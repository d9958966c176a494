import { GITHUB_LIMITS } from '../config/github/limits.ts';
import type { Github, GithubName } from '../config/github.types.ts';
import { badInput, type Problem } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';

/** A secret or variable of one environment. */
export interface PlannedValue {
  readonly environment: string;
  /** As on GitHub. */
  readonly name: string;
}

export interface ValuesPlan {
  readonly secrets: readonly PlannedValue[];
  readonly variables: readonly (PlannedValue & { readonly value: string })[];
  /** Secrets that are named and have no value here: set on GitHub by hand, or missing. */
  readonly unset: readonly string[];
}

const PATH = 'sluice:githubSecrets';

const spread = (names: Readonly<Record<string, GithubName>>): PlannedValue[] =>
  Object.entries(names).flatMap(([name, { environments }]) =>
    environments.map((environment) => ({ environment, name })),
  );

/**
 * Which secrets and variables are declared, where. `values`: names and values of the stack's secrets, looked at
 * for what GitHub would take wrongly: an empty value is dropped on its way, and the old one would stay.
 */
export const planValues = (
  github: Pick<Github, 'secrets' | 'variables'>,
  values: Readonly<Record<string, unknown>>,
): ValuesPlan => {
  const named = Object.keys(github.secrets);
  const problems: Problem[] = Object.entries(values).flatMap(([name, value]) => {
    const path = `${PATH}.${name}`;
    if (!named.includes(name)) {
      const meant = nearest(name, named);
      const reason = `no secret is named so${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`;
      return [{ path, reason, allowed: `a name below sluice:github.secrets: ${named.join(', ')}` }];
    }
    return valueProblem(path, value);
  });
  if (problems.length > 0)
    throw badInput(
      'secrets for GitHub cannot be used; nothing was changed',
      problems,
      `pulumi config set --stack foundation --secret --path '${problems[0]?.path ?? PATH}'`,
    );
  const given = named.filter((name) => Object.hasOwn(values, name));
  return {
    secrets: spread(
      Object.fromEntries(given.flatMap((n) => (github.secrets[n] ? [[n, github.secrets[n]]] : []))),
    ),
    variables: Object.entries(github.variables).flatMap(([name, { environments, value }]) =>
      environments.map((environment) => ({ environment, name, value })),
    ),
    unset: named.filter((name) => !given.includes(name)),
  };
};

/** What the value is never stands in the message. */
const valueProblem = (path: string, value: unknown): Problem[] => {
  if (typeof value !== 'string') return [{ path, reason: 'is not a text', allowed: 'a text, in quotes' }];
  if (value.trim() === '') return [{ path, reason: 'is empty', allowed: 'a value, or no such line' }];
  const bytes = Buffer.byteLength(value, 'utf8');
  return bytes > GITHUB_LIMITS.valueBytes
    ? [
        {
          path,
          reason: 'is too long',
          got: `${bytes} bytes`,
          allowed: `at most ${GITHUB_LIMITS.valueBytes} bytes`,
        },
      ]
    : [];
};
