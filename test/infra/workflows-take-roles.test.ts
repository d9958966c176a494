import { describe, expect, it } from 'vitest';
import type { Github } from '../../config/github.types.ts';
import type { Job } from '../../workflows/model.ts';
import { workflowsOf } from '../../workflows/files.ts';
import { planRoles, type PlannedRole } from '../../components/deployment-roles.plan.ts';
import { evaluate, type Policy } from '../components/permissions/evaluate.ts';
import { REGION, world } from '../components/permissions/ground.ts';

type Triggers = Record<string, unknown>;
const azora = world();
const settings = (triggers: Triggers): Github =>
  world(undefined, (g) => Object.assign(g, { triggers })).github;

const ISSUER = 'token.actions.githubusercontent.com';
const TOKEN_OF = (github: Github, file: string, environment: string): Record<string, string> => ({
  [`${ISSUER}:aud`]: 'sts.amazonaws.com',
  [`${ISSUER}:sub`]: `repo:${github.repository.full}:environment:${environment}`,
  [`${ISSUER}:repository_id`]: String(github.repository.id),
  [`${ISSUER}:environment`]: environment,
  [`${ISSUER}:job_workflow_ref`]: `${github.repository.full}/.github/workflows/${file}@refs/heads/main`,
});

const environmentOf = (job: Job): string => {
  const { environment } = job;
  return typeof environment === 'object' ? environment.name : (environment ?? '');
};

/** Names of the roles that a job takes. */
const taken = (job: Job): string[] => [
  ...new Set([...JSON.stringify(job.steps).matchAll(/:role\/([\w-]+)/g)].map((m) => m[1] ?? '')),
];

interface Taking {
  readonly file: string;
  readonly job: string;
  readonly environment: string;
  readonly role: string;
}
const takings = (github: Github): Taking[] =>
  workflowsOf({ github, apps: azora.apps }).flatMap(({ file, jobs }) =>
    Object.entries(jobs).flatMap(([job, definition]) =>
      taken(definition).map((role) => ({ file, job, environment: environmentOf(definition), role })),
    ),
  );

const trusts = (
  github: Github,
  roles: readonly PlannedRole[],
  { file, environment, role }: Taking,
): boolean => {
  const planned = roles.find((r) => r.name === role);
  if (planned === undefined) return false;
  return (
    evaluate([JSON.parse(planned.trust) as Policy], {
      action: 'sts:AssumeRoleWithWebIdentity',
      resource: '*',
      context: TOKEN_OF(github, file, environment),
    }) === 'allowed'
  );
};

describe.each<[string, Triggers]>([
  ['as Azora has it', {}],
  [
    'staging by pull request and after another workflow',
    {
      staging: { pullRequest: ['main'], afterWorkflow: { name: 'CI', branches: ['develop'] } },
    },
  ],
  ['production in the run of staging', { production: { afterStaging: true } }],
  ['production by promotion', { production: { promote: true } }],
])('workflow files and roles agree: %s', (_, triggers) => {
  const github = settings(triggers);
  const { roles } = planRoles({ github, apps: azora.apps, region: REGION, project: 'sluice' });
  const all = takings(github);

  it('every job that takes a role is trusted by it', () => {
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter((taking) => !trusts(github, roles, taking))).toEqual([]);
  });

  it('no role waits for a job that nobody rendered', () => {
    const used = new Set(all.map((t) => t.role));
    expect(roles.map((r) => r.name).filter((name) => !used.has(name))).toEqual([]);
  });

  it('every job names an environment that is declared', () => {
    const jobs = workflowsOf({ github, apps: azora.apps }).flatMap((w) => Object.values(w.jobs));
    const named = jobs.filter((j) => j.environment !== undefined).map(environmentOf);
    const literal = named.filter((name) => !name.includes('${{'));
    expect(literal.filter((name) => github.environments[name] === undefined)).toEqual([]);
  });
});
