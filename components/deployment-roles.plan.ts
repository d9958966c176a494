import {
  environmentOf,
  JOB_KINDS,
  roleName,
  takesRole,
  workflowsOf,
  type JobKind,
} from '../config/github.ts';
import { DEPLOYED, type Deployed, type Github, type GithubEnvironment } from '../config/github.types.ts';
import type { App } from '../config/types.ts';
import { badInput } from '../lib/errors.ts';
import {
  boundaryName,
  planBoundary,
  planPermissions,
  planShared,
  POLICY_LIMIT,
  policyText,
  SHARED_POLICIES,
  type Ground,
  type SharedPolicy,
} from './permissions.plan.ts';

/** Issuer of the tokens of workflow jobs. */
export const ISSUER = 'token.actions.githubusercontent.com';
export const AUDIENCE = 'sts.amazonaws.com';

const HOUR = 3600;

export interface PlannedRole {
  readonly deployed: Deployed;
  readonly kind: JobKind;
  readonly name: string;
  /** JSON: who may take it. */
  readonly trust: string;
  /** Names of the policies it has with other roles. */
  readonly attached: readonly string[];
  /** JSON: what it may do beside those. */
  readonly policy: string;
  /** Seconds. */
  readonly session: number;
}

/** A policy of its own right: one that several roles have, or the bound of those that release jobs make. */
export interface PlannedPolicy {
  readonly deployed: Deployed;
  /** Part of the resource's name. */
  readonly part: SharedPolicy | 'boundary';
  readonly name: string;
  /** JSON. */
  readonly policy: string;
}

export interface RolesPlan {
  readonly providerArn: string;
  readonly policies: readonly PlannedPolicy[];
  readonly roles: readonly PlannedRole[];
}

export interface RolesPlanArgs {
  readonly github: Github;
  /** Settings of each environment's own stack. */
  readonly apps: Readonly<Record<Deployed, App>>;
  readonly region: string;
  /** Name of the Pulumi project. */
  readonly project: string;
}

/**
 * Who may take a role: jobs of this repository, by its number too (a name can be given away), in the one environment,
 * of the one workflow file. GitHub writes the subject in two forms, with and without numbers, by the repository's age.
 */
export const trustPolicy = (github: Github, deployed: Deployed, kind: JobKind): string => {
  const { owner, name, full, id, ownerId } = github.repository;
  const environment = environmentOf(deployed, kind);
  const files = workflowsOf(deployed, kind, github.triggers);
  const refs = refsOf(github.environments[environment]);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Jobs',
        Effect: 'Allow',
        Principal: { Federated: providerArn(github) },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${ISSUER}:aud`]: AUDIENCE,
            [`${ISSUER}:sub`]: [
              `repo:${full}:environment:${environment}`,
              `repo:${owner}@${ownerId}/${name}@${id}:environment:${environment}`,
            ],
            [`${ISSUER}:repository_id`]: String(id),
            [`${ISSUER}:environment`]: environment,
          },
          StringLike: {
            [`${ISSUER}:job_workflow_ref`]: files.flatMap((file) =>
              refs.map((ref) => `${full}/.github/workflows/${file}@${ref}`),
            ),
          },
        },
      },
    ],
  });
};

/** From where jobs may run, once more in AWS: not every plan of GitHub has policies for environments. */
const refsOf = (environment: GithubEnvironment | undefined): string[] => {
  const { branches = [], tags = [] } = environment ?? {};
  const refs = [
    ...branches.map((branch) => (branch.startsWith('refs/') ? branch : `refs/heads/${branch}`)),
    ...tags.map((tag) => `refs/tags/${tag}`),
  ];
  return refs.length === 0 ? ['refs/*'] : refs;
};

export const providerArn = ({ aws }: Pick<Github, 'aws'>): string =>
  `arn:aws:iam::${aws.account}:oidc-provider/${ISSUER}`;

/** A role for each environment and kind of job. Throws bad input where an application and the foundation disagree. */
export const planRoles = ({ github, apps, region, project }: RolesPlanArgs): RolesPlan => {
  refuseOthers(github, apps);
  const ground = (deployed: Deployed): Ground => ({ github, deployed, app: apps[deployed], region, project });
  const parts = { staging: planShared(ground('staging')), production: planShared(ground('production')) };
  const roles = DEPLOYED.flatMap((deployed) =>
    JOB_KINDS.filter((kind) => takesRole(kind, apps[deployed], github)).map((kind): PlannedRole => {
      const { shared, own } = planPermissions(kind, ground(deployed));
      return {
        deployed,
        kind,
        name: roleName(github.application, deployed, kind),
        trust: trustPolicy(github, deployed, kind),
        attached: shared
          .filter((part) => parts[deployed][part].length > 0)
          .map((part) => policyName(github.application, deployed, part)),
        policy: fitting(`role ${deployed} ${kind}`, policyText(own), POLICY_LIMIT.inline),
        // Jobs take the role again before it ends; a login step's credentials live this long.
        session: HOUR,
      };
    }),
  );
  const policies = DEPLOYED.flatMap((deployed) => {
    const app = apps[deployed];
    const policy = (part: PlannedPolicy['part'], name: string, text: string): PlannedPolicy => ({
      deployed,
      part,
      name,
      policy: fitting(`policy ${name}`, text, POLICY_LIMIT.managed),
    });
    return [
      ...SHARED_POLICIES.filter((part) => parts[deployed][part].length > 0).map((part) =>
        policy(part, policyName(github.application, deployed, part), policyText(parts[deployed][part])),
      ),
      policy(
        'boundary',
        boundaryName(app.application, app.environment),
        policyText(planBoundary(ground(deployed))),
      ),
    ];
  });
  return { providerArn: providerArn(github), policies, roles };
};

const policyName = (application: string, deployed: Deployed, part: SharedPolicy): string =>
  `${application}-${deployed}-${part}`;

const refuseOthers = (github: Github, apps: Readonly<Record<Deployed, App>>): void => {
  const problems = DEPLOYED.filter((d) => apps[d].application !== github.application).map((deployed) => ({
    path: 'sluice:github.application',
    reason: `is not the application of stack ${github.stacks[deployed]}`,
    got: github.application,
    allowed: apps[deployed].application,
  }));
  if (problems.length > 0) throw badInput('the roles cannot be declared', problems);
};

const fitting = (path: string, policy: string, limit: number): string => {
  const length = policy.replaceAll(/\s/g, '').length;
  if (length <= limit) return policy;
  throw badInput('the roles cannot be declared', [
    {
      path,
      reason: 'is longer than AWS takes',
      got: `${length} characters`,
      allowed: `${limit}; name fewer secrets, services or registries`,
    },
  ]);
};
