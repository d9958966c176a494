import { expect, it } from 'vitest';
import { DeploymentRoles } from '../../components/deployment-roles.ts';
import { trustPolicy } from '../../components/deployment-roles.plan.ts';
import { Registries } from '../../components/registries.ts';
import { planRegistries } from '../../components/registries.plan.ts';
import { JOB_KINDS } from '../../config/github.ts';
import { DEPLOYED } from '../../config/github.types.ts';
import { github } from '../config/github/fixtures.ts';
import { declared, find, outline } from './declared.ts';
import { evaluate, type Policy } from './permissions/evaluate.ts';
import { ACCOUNT, REGION, world } from './permissions/ground.ts';

const azora = world();

it('every kind of job that an environment has gets a role, and two environments share nothing', async () => {
  const list = await declared(
    () => new DeploymentRoles('roles', { application: 'azora', plan: azora.plan, trust: 'new' }),
  );
  // A direct rollout has no slots to tidy, and staging no backups by the clock.
  const kinds: Readonly<Record<string, readonly string[]>> = {
    staging: ['deploy', 'rollback', 'drift', 'preview'],
    production: [...JOB_KINDS],
  };
  const shared = {
    look: [...JOB_KINDS],
    network: ['deploy', 'rollback', 'tidy'],
    services: ['deploy', 'rollback', 'tidy'],
  };
  const expected = DEPLOYED.flatMap((deployed) => [
    `roles-${deployed}-boundary (aws:Policy) < roles`,
    ...Object.keys(shared).map((part) => `roles-${deployed}-${part} (aws:Policy) < roles`),
    ...(kinds[deployed] ?? []).flatMap((kind) => [
      `roles-${deployed}-${kind} (aws:Role) < roles`,
      `roles-${deployed}-${kind}-policy (aws:RolePolicy) < roles`,
    ]),
    ...Object.entries(shared).flatMap(([part, parts]) =>
      parts
        .filter((kind) => kinds[deployed]?.includes(kind))
        .map(
          (kind) =>
            `roles-${deployed}-${kind}-has-azora-${deployed}-${part} (aws:RolePolicyAttachment) < roles`,
        ),
    ),
  ]);
  expect(outline(list).toSorted()).toEqual(
    [
      'roles (sluice:DeploymentRoles) < ',
      'roles-github (aws:OpenIdConnectProvider) < roles',
      ...expected,
    ].toSorted(),
  );
  expect(find(list, 'roles-github').inputs).toMatchObject({
    url: 'https://token.actions.githubusercontent.com',
    clientIdLists: ['sts.amazonaws.com'],
  });
  expect(find(list, 'roles-production-deploy').after).toContain('roles-github');
  expect(find(list, 'roles-production-deploy').inputs).toMatchObject({
    name: 'azora-production-deploy',
    maxSessionDuration: 3600,
    tags: { application: 'azora', environment: 'production', job: 'deploy' },
  });
});

it('an account that has GitHub’s provider already gets no second one', async () => {
  const list = await declared(
    () => new DeploymentRoles('roles', { application: 'azora', plan: azora.plan, trust: 'existing' }),
  );
  expect(list.map((d) => d.name)).not.toContain('roles-github');
  expect(find(list, 'roles-staging-deploy').inputs['assumeRolePolicy']).toContain(
    `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`,
  );
});

it('a policy that would be longer than AWS takes is refused with its length', () => {
  const many = Object.fromEntries(
    Array.from({ length: 90 }, (_, i) => [`SECRET_${i}`, `azora/a-secret-with-a-name-${i}`]),
  );
  expect(() =>
    world((app) => {
      app['secrets'] = { ...(app['secrets'] as object), ...many };
    }),
  ).toThrow(/policy azora-staging-look: is longer than AWS takes \(got \d+ characters; allowed: 6144;/);
});

const ISSUER = 'token.actions.githubusercontent.com';
/** What a job's token says, as conditions see it. */
const token = (more: Record<string, string> = {}) => ({
  [`${ISSUER}:aud`]: 'sts.amazonaws.com',
  [`${ISSUER}:sub`]: 'repo:acme/shop:environment:production',
  [`${ISSUER}:repository_id`]: '1001',
  [`${ISSUER}:environment`]: 'production',
  [`${ISSUER}:job_workflow_ref`]: 'acme/shop/.github/workflows/deploy-production.yml@refs/tags/v1.2.3',
  ...Object.fromEntries(Object.entries(more).map(([claim, value]) => [`${ISSUER}:${claim}`, value])),
});
const assumed = (more?: Record<string, string>): string => {
  const policy = JSON.parse(trustPolicy(github(), 'production', 'deploy')) as Policy;
  return evaluate([policy], { action: 'sts:AssumeRoleWithWebIdentity', resource: '*', context: token(more) });
};

it.each([
  ['the subject in the old form', {}],
  ['the subject with numbers', { sub: 'repo:acme@2002/shop@1001:environment:production' }],
  [
    'a dispatch from main',
    { job_workflow_ref: 'acme/shop/.github/workflows/deploy-production.yml@refs/heads/main' },
  ],
])('trust: %s is taken', (_, more) => {
  expect(assumed(more)).toBe('allowed');
});

it.each([
  ['another repository', { sub: 'repo:mallory/shop:environment:production' }],
  ['a fork with the name of before', { repository_id: '666' }],
  ['an owner who took over the name', { sub: 'repo:acme@666/shop@1001:environment:production' }],
  ['a pull request', { sub: 'repo:acme/shop:pull_request' }],
  ['a branch without environment', { sub: 'repo:acme/shop:ref:refs/heads/main' }],
  ['another environment', { sub: 'repo:acme/shop:environment:staging', environment: 'staging' }],
  ['another workflow file', { job_workflow_ref: 'acme/shop/.github/workflows/rollback.yml@refs/heads/main' }],
  [
    'a workflow of elsewhere',
    { job_workflow_ref: 'mallory/x/.github/workflows/deploy-production.yml@refs/heads/main' },
  ],
  [
    'a branch of somebody’s own',
    { job_workflow_ref: 'acme/shop/.github/workflows/deploy-production.yml@refs/heads/x' },
  ],
  ['another audience', { aud: 'https://github.com/acme' }],
])('trust: %s is not taken', (_, more) => {
  expect(assumed(more)).toBe('denied');
});

it('registries hold images whose tags stay what they are, and outlive the stack', async () => {
  const app = azora.apps.production;
  const ecr = (account: string) => ({
    ...app,
    images: {
      ...app.images,
      registry: 'ecr' as const,
      repository: `${account}.dkr.ecr.${REGION}.amazonaws.com/azora/{service}`,
    },
  });
  expect(planRegistries({ registry: true, aws: { account: ACCOUNT, trust: 'new' } }, [app], REGION)).toEqual(
    [],
  );
  const args = { registry: true, aws: { account: ACCOUNT, trust: 'new' as const } };
  const names = planRegistries(args, [ecr(ACCOUNT), ecr(ACCOUNT)], REGION);
  expect(names).toEqual([
    'azora/api-gateway',
    'azora/auth-service',
    'azora/education-service',
    'azora/marketplace-service',
  ]);
  // Another account's are its own.
  expect(planRegistries(args, [ecr('999999999999')], REGION)).toEqual([]);
  expect(planRegistries({ ...args, registry: false }, [ecr(ACCOUNT)], REGION)).toEqual([]);
  const list = await declared(
    () => new Registries('registries', { application: 'azora', names: names.slice(0, 1) }),
  );
  expect(outline(list)).toEqual([
    'registries (sluice:Registries) < ',
    'registries-azora/api-gateway (aws:Repository) < registries ! +',
    'registries-azora/api-gateway-lifecycle (aws:LifecyclePolicy) < registries',
  ]);
  expect(find(list, 'registries-azora/api-gateway').inputs).toMatchObject({
    name: 'azora/api-gateway',
    imageTagMutability: 'IMMUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
  });
});
