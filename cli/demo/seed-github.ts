import { readVersions } from '../../sandbox/adapters/images.ts';
import { sandboxSource } from '../../sandbox/adapters/source.ts';
import type { Sandbox } from '../../sandbox/client.ts';
import type { Seed } from '../../sandbox/cloud/github/state.ts';
import type { App } from '../../config/types.ts';

/**
 * The application's repository in the local GitHub, as a pipeline would have left it: every version is a tag on the
 * main branch, and every required check has passed on its commit.
 */
export const seedGithub = async (
  sandbox: Pick<Sandbox, 'call'>,
  app: Pick<App, 'repository' | 'checks'>,
  application: string,
): Promise<void> => {
  if (app.repository === undefined) return;
  const source = sandboxSource(application);
  const versions = Object.keys((await readVersions(application)).versions);
  const tags: Record<string, string> = {};
  for (const version of versions) tags[version] = (await source.tag(version)) ?? '';
  const { commit } = await source.head();
  const commits = [commit, ...Object.values(tags)];
  const seed: Seed = {
    repository: app.repository,
    tags,
    branch: commits,
    checks: commits.flatMap((on) =>
      app.checks.required.map((name) => ({ name, commit: on, conclusion: 'success' })),
    ),
  };
  await sandbox.call('POST', '/github/seed', seed);
};
