import { expect, it } from 'vitest';
import { GithubEnvironment } from '../../components/github-environment.ts';
import { planEnvironment } from '../../components/github-environment.plan.ts';
import type { GithubEnvironment as Settings, Offered, Reviewer } from '../../config/github.types.ts';
import { declared, find, outline } from './declared.ts';

const ALL: Offered = { environments: true, reviewers: true, rulesets: true };
const settings: Settings = {
  name: 'production-approval',
  reviewers: [
    { kind: 'user', login: 'octocat' },
    { kind: 'team', id: 4712 },
    { kind: 'user', id: 7 },
  ],
  waitTimer: 600_000,
  branches: ['main'],
  tags: ['v*'],
  preventSelfReview: true,
};
const idOf = (reviewer: Reviewer): number => ('id' in reviewer ? reviewer.id : 583231);
const plan = (more: Partial<Settings> = {}, offered = ALL) =>
  planEnvironment({ environment: { ...settings, ...more }, offered, idOf });

it('an environment asks its reviewers, waits, and lets jobs of its branches and tags run', async () => {
  const list = await declared(
    () => new GithubEnvironment('production-approval', { repository: 'azora', planned: plan() }),
  );
  expect(outline(list)).toEqual([
    'production-approval (sluice:GithubEnvironment) < ',
    'production-approval-branch-main (github:RepositoryEnvironmentDeploymentPolicy) < production-approval',
    'production-approval-environment (github:RepositoryEnvironment) < production-approval',
    'production-approval-tag-v* (github:RepositoryEnvironmentDeploymentPolicy) < production-approval',
  ]);
  expect(find(list, 'production-approval-environment').inputs).toEqual({
    repository: 'azora',
    environment: 'production-approval',
    canAdminsBypass: false,
    preventSelfReview: true,
    waitTimer: 10,
    reviewers: [{ users: [583231, 7], teams: [4712] }],
    deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
  });
  expect(find(list, 'production-approval-tag-v*').inputs).toEqual({
    repository: 'azora',
    environment: 'production-approval',
    tagPattern: 'v*',
  });
  expect(find(list, 'production-approval-branch-main').after).toContain('production-approval-environment');
});

it('without branches and tags jobs of any may run, and administrators bypass nothing', async () => {
  const open = plan({ branches: [], tags: [], reviewers: [], waitTimer: 0 });
  const list = await declared(() => new GithubEnvironment('qa', { repository: 'azora', planned: open }));
  expect(outline(list)).toEqual([
    'qa (sluice:GithubEnvironment) < ',
    'qa-environment (github:RepositoryEnvironment) < qa',
  ]);
  expect(find(list, 'qa-environment').inputs).toEqual({
    repository: 'azora',
    environment: 'production-approval',
    canAdminsBypass: false,
    preventSelfReview: false,
  });
});

it('what the plan of the account does not offer is left out, and nobody is looked up for it', () => {
  const left = planEnvironment({
    environment: settings,
    offered: { ...ALL, reviewers: false },
    idOf: () => {
      throw new Error('looked up');
    },
  });
  expect(left).toMatchObject({ reviewers: undefined, waitTimer: undefined, preventSelfReview: false });
  expect(left.policies).toHaveLength(2);
});

it('a seventh reviewer is refused, whoever plans it', () => {
  const seven = [1, 2, 3, 4, 5, 6, 7].map((id) => ({ kind: 'user', id }) as const);
  expect(plan({ reviewers: seven.slice(1) }).reviewers?.users).toHaveLength(6);
  expect(() => plan({ reviewers: seven })).toThrow(
    'sluice:github.environments.production-approval.reviewers: are too many (got 7; allowed: at most 6; a team counts as one)',
  );
});
