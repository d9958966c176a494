import type { App } from '../../config/types.ts';
import { githubApi } from '../../release/adapters/github/index.ts';
import type { Github } from '../../release/ports/github.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

/**
 * GitHub as this process reaches it: the sandbox's own where the stack is in a sandbox (a real token of the shell
 * never goes there), otherwise what the shell names. Undefined without a repository or without a token.
 */
export const githubOf = (
  app: Pick<App, 'repository'>,
  surroundings: Environment,
  shell: Environment = process.env,
): Github | undefined => {
  const local = given(surroundings['GITHUB_API_URL']);
  const api = local ?? given(shell['GITHUB_API_URL']) ?? 'https://api.github.com';
  const shared = local === undefined || local === given(shell['GITHUB_API_URL']);
  const token = shared ? shell['GITHUB_TOKEN'] : surroundings['GITHUB_TOKEN'];
  const { repository } = app;
  if (repository === undefined || given(token) === undefined) return undefined;
  return githubApi({ api: api.replace(/\/+$/, ''), token: token ?? '', repository });
};
