import { expect, it } from 'vitest';
import { GithubRepository } from '../../components/github-repository.ts';
import { planRulesets } from '../../components/github-repository.plan.ts';
import type { Rulesets } from '../../config/github.types.ts';
import { RepositoryFiles } from '../../components/repository-files.ts';
import { github } from '../config/github/fixtures.ts';
import { declared, find, outline } from './declared.ts';

const ALL = { environments: true, reviewers: true, rulesets: true };
const settings = { ...github().repository, managed: true };
const rulesets: Rulesets = {
  main: { enforced: true, approvals: 2, codeowners: true, linearHistory: true, signatures: false },
  tags: { enforced: true, patterns: ['v*'], creators: 'maintain' },
};
const args = (checks: string[] = ['test'], rules = rulesets) => ({
  settings,
  linearHistory: rules.main.linearHistory,
  rulesets: planRulesets({ rulesets: rules, checks }, ALL),
});

it('a repository is protected and kept; main wants review and checks; release tags stay, and maintainers make them', async () => {
  const list = await declared(() => new GithubRepository('repository', args()));
  expect(outline(list)).toEqual([
    'repository (sluice:GithubRepository) < ',
    'repository-main (github:RepositoryRuleset) < repository',
    'repository-release-tags-made-by (github:RepositoryRuleset) < repository',
    'repository-release-tags-stay (github:RepositoryRuleset) < repository',
    'repository-settings (github:Repository) < repository ! +',
  ]);
  expect(find(list, 'repository-main').inputs).toMatchObject({
    repository: 'shop',
    target: 'branch',
    enforcement: 'active',
    conditions: { refName: { includes: ['~DEFAULT_BRANCH'], excludes: [] } },
    bypassActors: [],
    rules: {
      deletion: true,
      nonFastForward: true,
      requiredLinearHistory: true,
      pullRequest: {
        requiredApprovingReviewCount: 2,
        requireCodeOwnerReview: true,
        dismissStaleReviewsOnPush: true,
        requireLastPushApproval: true,
      },
      requiredStatusChecks: {
        requiredChecks: [{ context: 'test' }],
        strictRequiredStatusChecksPolicy: true,
      },
    },
  });
  expect(find(list, 'repository-release-tags-stay').inputs).toMatchObject({
    target: 'tag',
    conditions: { refName: { includes: ['refs/tags/v*'] } },
    bypassActors: [],
    rules: { update: true, deletion: true, nonFastForward: true },
  });
  expect(find(list, 'repository-release-tags-made-by').inputs).toMatchObject({
    rules: { creation: true },
    bypassActors: [
      { actorId: 2, actorType: 'RepositoryRole', bypassMode: 'always' },
      { actorId: 5, actorType: 'RepositoryRole', bypassMode: 'always' },
    ],
  });
  expect(find(list, 'repository-settings').inputs).toMatchObject({
    name: 'shop',
    visibility: 'public',
    allowMergeCommit: false,
    archiveOnDestroy: true,
  });
});

it('a repository of somebody else is left as it is; rules go by its name', async () => {
  const left = { ...args([]), settings: { ...settings, managed: false } };
  const list = await declared(() => new GithubRepository('repository', left));
  expect(list.map((d) => d.name)).not.toContain('repository-settings');
  const { rules } = find(list, 'repository-main').inputs as { rules: Record<string, unknown> };
  expect(rules).not.toHaveProperty('requiredStatusChecks');
});

it('rules are planned as far as they are wanted and offered', () => {
  const plan = (more: object, offered = ALL) =>
    planRulesets({ rulesets: { ...rulesets, ...more }, checks: [] }, offered).map((r) => r.name);
  expect(plan({}, { ...ALL, rulesets: false })).toEqual([]);
  expect(plan({ main: { ...rulesets.main, enforced: false } })).toEqual([
    'release-tags-stay',
    'release-tags-made-by',
  ]);
  expect(plan({ tags: { ...rulesets.tags, creators: 'write' } })).toEqual(['main', 'release-tags-stay']);
  expect(plan({ tags: { ...rulesets.tags, enforced: false } })).toEqual(['main']);
});

it('files are pushed one after the other', async () => {
  const files = ['a.yml', 'b.yml', 'c.yml'].map((path) => ({ path, text: `# ${path}\n` }));
  const list = await declared(
    () => new RepositoryFiles('files', { repository: 'shop', branch: 'main', files }),
  );
  expect(outline(list)).toEqual([
    'files (sluice:RepositoryFiles) < ',
    'files-a.yml (github:RepositoryFile) < files',
    'files-b.yml (github:RepositoryFile) < files',
    'files-c.yml (github:RepositoryFile) < files',
  ]);
  expect(find(list, 'files-b.yml').after).toEqual(['files-a.yml']);
  expect(find(list, 'files-c.yml')).toMatchObject({
    after: ['files-b.yml'],
    inputs: { branch: 'main', file: 'c.yml', content: '# c.yml\n', overwriteOnCreate: true },
  });
});
