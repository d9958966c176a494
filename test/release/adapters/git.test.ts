import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { gitSource } from '../../../release/adapters/git.ts';
import { sourceContract } from '../../support/contracts/supply.ts';

const root = mkdtempSync(join(tmpdir(), 'git-'));
const [origin, checkout] = [join(root, 'origin'), join(root, 'checkout')];
const git = (directory: string, ...words: string[]): string =>
  execFileSync(
    'git',
    ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-C', directory, ...words],
    {
      encoding: 'utf8',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    },
  ).trim();

git(root, 'init', '--quiet', '--initial-branch=main', origin);
git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'one');
git(origin, 'tag', '-a', 'v1.0.0', '-m', 'annotated');
const first = git(origin, 'rev-parse', 'HEAD');
git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'two');
git(root, 'clone', '--quiet', '--depth', '1', '--no-tags', `file://${origin}`, checkout);
afterAll(() => rmSync(root, { recursive: true }));
const nothing = () => Promise.resolve();

sourceContract('a repository with the tag', () =>
  Promise.resolve({
    source: gitSource(origin, { GITHUB_ACTOR: 'ada' }),
    version: 'v1.0.0',
    commit: first,
    close: nothing,
  }),
);

sourceContract('a checkout of one commit, which asks its origin', () =>
  Promise.resolve({
    source: gitSource(checkout, { GITHUB_ACTOR: 'ada' }),
    version: 'v1.0.0',
    commit: first,
    close: nothing,
  }),
);

it('on a runner the ref is the one that was dispatched', async () => {
  const detached = join(root, 'detached');
  git(root, 'clone', '--quiet', `file://${origin}`, detached);
  git(detached, 'checkout', '--quiet', '--detach', first);
  const environment = { GITHUB_REF: 'refs/tags/v1.0.0', GITHUB_ACTOR: 'grace' };
  expect(await gitSource(detached, environment).head()).toEqual({
    commit: first,
    ref: 'refs/tags/v1.0.0',
    actor: 'grace',
  });
  // A run after another workflow is one of the default branch: what it deploys is named.
  const named = { ...environment, SLUICE_REF: 'refs/heads/develop' };
  expect((await gitSource(detached, named).head()).ref).toBe('refs/heads/develop');
  expect((await gitSource(origin, environment).head()).ref).toBe('refs/heads/main');
});

it('a folder without a repository is an error that says so', async () => {
  await expect(gitSource(root, {}).tag('v1.0.0')).rejects.toThrow(/not a git repository/);
});

it('a version is never taken for an option', async () => {
  expect(await gitSource(checkout, {}).tag('--upload-pack=touch x')).toBeUndefined();
});
