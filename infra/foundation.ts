import { existsSync, readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { DeploymentRoles } from '../components/deployment-roles.ts';
import { planRoles, type RolesPlan } from '../components/deployment-roles.plan.ts';
import { GithubEnvironment } from '../components/github-environment.ts';
import { planEnvironment, type PlannedEnvironment } from '../components/github-environment.plan.ts';
import { GithubRepository } from '../components/github-repository.ts';
import { planRulesets, type PlannedRuleset } from '../components/github-repository.plan.ts';
import { GithubValues } from '../components/github-values.ts';
import { planValues, type ValuesPlan } from '../components/github-values.plan.ts';
import { planRegistries } from '../components/registries.plan.ts';
import { Registries } from '../components/registries.ts';
import { RepositoryFiles } from '../components/repository-files.ts';
import { resolveReviewers } from '../components/reviewers.ts';
import { parseApp } from '../config/app.ts';
import {
  approvalGate,
  CODEOWNERS,
  codeownersText,
  githubWarnings,
  offered,
  parseGithub,
} from '../config/github.ts';
import type { ApprovalGate, Deployed, Github } from '../config/github.types.ts';
import { parseStackFile } from '../config/stack-file.ts';
import type { App } from '../config/types.ts';
import { badInput, messageOf } from '../lib/errors.ts';
import { parseJson, readRegion } from './settings.ts';

/** What the foundation tells whoever looks: nothing secret. */
export interface FoundationOutputs extends Record<string, unknown> {
  /** `production-deploy` → ARN of the role. */
  readonly roles: pulumi.Output<Record<string, string>>;
  readonly environments: readonly string[];
  /** Repository in ECR → address for `docker push`. */
  readonly registries: pulumi.Output<Record<string, string>>;
  /** Who is asked before production. */
  readonly approval: ApprovalGate;
  /** Secrets that are named and have no value in this stack. */
  readonly unsetSecrets: readonly string[];
}

/** Pulumi runs a program in the folder of its entry and says where the project is; other engines run it in the project. */
const inProject = (file: string): string => {
  const there = `${pulumi.getRootDirectory()}/${file}`;
  return existsSync(there) ? there : file;
};

/** Settings of an environment's stack, from its file: one place says what they are. */
const readApp = (stack: string): App => {
  const file = `Pulumi.${stack}.yaml`;
  let text: string;
  try {
    text = readFileSync(inProject(file), 'utf8');
  } catch (error) {
    throw badInput('the stack of an environment cannot be read', [
      {
        path: 'sluice:github.stacks',
        reason: messageOf(error),
        got: stack,
        allowed: `a stack whose ${file} is here`,
      },
    ]);
  }
  const { config } = parseStackFile(text, pulumi.getProject(), file);
  const app = config['sluice:app'];
  return parseApp(app === undefined ? undefined : parseJson(app, 'sluice:app'), { stack });
};

interface FoundationSettings {
  readonly github: Github;
  readonly apps: Readonly<Record<Deployed, App>>;
  /** Name on GitHub → value, in clear: never leaves this file but wrapped as a secret. */
  readonly values: Readonly<Record<string, unknown>>;
}

const readFoundation = (): FoundationSettings => {
  const config = new pulumi.Config('sluice');
  const written = config.get('github');
  const github = parseGithub(written === undefined ? undefined : parseJson(written, 'sluice:github'));
  const values = config.get('githubSecrets');
  return {
    github,
    apps: { staging: readApp(github.stacks.staging), production: readApp(github.stacks.production) },
    values: values === undefined ? {} : readValues(values),
  };
};

const readValues = (text: string): Readonly<Record<string, unknown>> => {
  const path = 'sluice:githubSecrets';
  const value = parseJson(text, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw badInput('secrets for GitHub cannot be read', [
    { path, reason: 'is not a map', allowed: 'name: value, set one by one' },
  ]);
};

/** What is declared, decided before the first resource, so that nothing is half done when something is wrong. */
interface FoundationPlan {
  readonly roles: RolesPlan;
  readonly rulesets: readonly PlannedRuleset[];
  readonly environments: readonly PlannedEnvironment[];
  readonly values: ValuesPlan;
  readonly registries: readonly string[];
}

const planFoundation = async (settings: FoundationSettings): Promise<FoundationPlan> => {
  const { github, apps } = settings;
  const region = readRegion();
  const offer = offered(github.repository);
  const roles = planRoles({ github, apps, region, project: pulumi.getProject() });
  const values = planValues(github, settings.values);
  // Nothing is kept in environments that do not exist.
  const kept = offer.environments ? values : { ...values, secrets: [], variables: [] };
  const wanted = offer.environments ? Object.values(github.environments) : [];
  const idOf = await resolveReviewers(offer.reviewers ? wanted : []);
  return {
    roles,
    rulesets: planRulesets(github, offer),
    environments: wanted.map((environment) => planEnvironment({ environment, offered: offer, idOf })),
    values: kept,
    registries: planRegistries(github, Object.values(apps), region),
  };
};

/** Environments with their policies, and what is kept in them. */
const declareEnvironments = (
  { environments, values: plan }: FoundationPlan,
  { values }: FoundationSettings,
  repository: pulumi.Output<string>,
): void => {
  const made = new Map(
    environments.map((planned) => [
      planned.environment,
      new GithubEnvironment(planned.environment, { repository, planned }).environment.environment,
    ]),
  );
  new GithubValues('values', {
    repository,
    plan,
    valueOf: (name) => pulumi.secret(String(values[name])),
    environment: (name) => made.get(name) ?? name,
  });
};

/** The files that people see on GitHub, pushed instead of committed, where that is wanted. */
const declareFiles = async (
  { github, apps }: FoundationSettings,
  repository: pulumi.Output<string>,
): Promise<void> => {
  if (github.workflowFiles !== 'resource') return;
  // Loaded only where it is wanted: rendering brings a YAML library along.
  const { renderWorkflows } = await import('../workflows/files.ts');
  const owners = codeownersText(github);
  new RepositoryFiles('files', {
    repository,
    branch: github.repository.defaultBranch,
    files: [
      ...renderWorkflows({ github, apps }),
      ...(owners === undefined ? [] : [{ path: CODEOWNERS, text: owners }]),
    ],
  });
};

/**
 * Declares what staging and production share, by an administrator: release jobs never hold these rights. Everything
 * that can be wrong in configuration is said before the first resource.
 */
export const foundation = async (): Promise<FoundationOutputs> => {
  const settings = readFoundation();
  const { github } = settings;
  const plan = await planFoundation(settings);
  for (const warning of githubWarnings(github)) await pulumi.log.warn(warning);
  const { repository } = new GithubRepository('repository', {
    settings: github.repository,
    linearHistory: github.rulesets.main.linearHistory,
    rulesets: plan.rulesets,
  });
  declareEnvironments(plan, settings, repository);
  const { application } = github;
  const { arns } = new DeploymentRoles('roles', { application, plan: plan.roles, trust: github.aws.trust });
  const { urls } = new Registries('registries', { application, names: plan.registries });
  await declareFiles(settings, repository);
  return {
    roles: pulumi.output(arns),
    environments: plan.environments.map((e) => e.environment),
    registries: pulumi.output(urls),
    approval: approvalGate(github),
    unsetSecrets: plan.values.unset,
  };
};
