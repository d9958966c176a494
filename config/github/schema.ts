import { z } from 'zod';
import { application, environmentName } from '../app/services.ts';
import { choice, flag, list, strict, text, words } from '../app/fields.ts';
import type { StandIns } from '../understand.ts';
import { codeowners, environments, rulesets } from './environments.ts';
import { secrets, variables } from './names.ts';
import { branch, schedules, triggers } from './triggers.ts';

const id = (what: string) => {
  const allowed = `the numeric id of ${what}: gh api repos/OWNER/NAME --jq '.id, .owner.id'`;
  return z.int({ error: allowed }).positive({ error: allowed });
};

const repository = strict({
  /** `owner/name`. */
  name: text(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, 'owner/name on GitHub'),
  id: id('the repository'),
  ownerId: id('its owner'),
  visibility: choice('public', 'private', 'internal'),
  /** Plan of the owner's account. Default: free. */
  plan: choice('free', 'pro', 'team', 'enterprise').prefault('free'),
  /** Default: main. */
  defaultBranch: branch.prefault('main'),
  /** Whether its settings (merging, alerts) are the foundation's. An existing one is imported first. Default: false. */
  managed: flag().prefault(false),
});

/** `sluice:github` as people write it. Needed: `application`, `repository` and `aws`. */
export const githubSchema = strict({
  /** Prefix of every cloud name; the same as in the stacks of staging and production. */
  application,
  repository,
  /** Stack of each environment. Default: named like it. */
  stacks: strict({
    staging: environmentName.prefault('staging'),
    production: environmentName.prefault('production'),
  }).prefault({}),
  aws: strict({
    account: z.string({ error: 'twelve digits in quotes, e.g. "123456789012"' }).regex(/^\d{12}$/, {
      error: 'twelve digits in quotes, e.g. "123456789012"',
    }),
    /** AWS takes one provider for GitHub's tokens an account: `existing` where another stack made it. Default: new. */
    trust: choice('new', 'existing').prefault('new'),
  }),
  /** Where Pulumi keeps its state. Default: not in S3. */
  state: strict({
    bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of an S3 bucket').optional(),
    keyArn: text(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/.+$/, 'the ARN of a KMS key').optional(),
  }).prefault({}),
  triggers: triggers.prefault({}),
  environments: environments.prefault({}),
  secrets: secrets.prefault({}),
  variables: variables.prefault({}),
  /** Status checks that must pass before a merge. Default: none. */
  checks: list(words('the name of a check'), 'a list of check names').prefault([]),
  rulesets: rulesets.prefault({}),
  codeowners: codeowners.prefault([]),
  schedules: schedules.prefault({}),
  /** Default: tree. */
  workflowFiles: choice('tree', 'resource').prefault('tree'),
  /** Registries in ECR for images whose repository is there. Default: true. */
  registry: flag().prefault(true),
});

export type WrittenGithub = z.output<typeof githubSchema>;

/** Stand in for required parts that are wrong, so that the rest can still be checked; see `understand`. */
export const GITHUB_STAND_INS: StandIns = {
  application: 'application',
  repository: { name: 'owner/name', id: 1, ownerId: 1, visibility: 'public' },
  'repository.name': 'owner/name',
  'repository.id': 1,
  'repository.ownerId': 1,
  'repository.visibility': 'public',
  aws: { account: '000000000000' },
  'aws.account': '000000000000',
};
