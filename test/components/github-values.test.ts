import { expect, it } from 'vitest';
import { GithubValues } from '../../components/github-values.ts';
import { planValues } from '../../components/github-values.plan.ts';
import { github } from '../config/github/fixtures.ts';
import { declared, find, outline } from './declared.ts';

const settings = github({
  secrets: {
    STAGING_DATABASE_URL: 'DATABASE_URL',
    SLACK_WEBHOOK: { environments: ['production'] },
    BY_HAND: {},
  },
  variables: { AWS_REGION: { value: 'eu-west-1', environments: ['staging'] } },
});
/** What Pulumi marks a secret with, so that it is encrypted wherever it is kept. */
const SECRET_MARK = '4dabf18193072939515e22adb298388d';
const values = {
  STAGING_DATABASE_URL: 'postgres://u:hunter2@h/d',
  SLACK_WEBHOOK: 'https://hooks.slack.com/x',
};

it('secrets and variables are in their environments, values marked as secret', async () => {
  const plan = planValues(settings, values);
  expect(plan.unset).toEqual(['BY_HAND']);
  const list = await declared(
    () =>
      new GithubValues('values', {
        repository: 'shop',
        plan,
        valueOf: (name) => values[name as keyof typeof values],
        environment: (name) => name,
      }),
  );
  expect(outline(list)).toEqual([
    'values (sluice:GithubValues) < ',
    'values-production-SLACK_WEBHOOK (github:ActionsEnvironmentSecret) < values',
    'values-staging-AWS_REGION (github:ActionsEnvironmentVariable) < values',
    'values-staging-STAGING_DATABASE_URL (github:ActionsEnvironmentSecret) < values',
    'values-staging-rollback-STAGING_DATABASE_URL (github:ActionsEnvironmentSecret) < values',
  ]);
  expect(find(list, 'values-staging-STAGING_DATABASE_URL').inputs).toMatchObject({
    environment: 'staging',
    secretName: 'STAGING_DATABASE_URL',
    value: { [SECRET_MARK]: '1b47061264138c4ac30d75fd1eb44270', value: values.STAGING_DATABASE_URL },
  });
  expect(find(list, 'values-staging-AWS_REGION').inputs).toMatchObject({
    variableName: 'AWS_REGION',
    value: 'eu-west-1',
  });
});

it('empty, unnamed and oversized values are told together, none of them shown', () => {
  const wrong = {
    SLACK_WEBHOOK: '',
    STAGING_DATABASE_URL: 'x'.repeat(50_000),
    SLACK_WEBHOOKS: 'hunter2',
    BY_HAND: 5,
  };
  let message = '';
  try {
    planValues(settings, wrong);
  } catch (error) {
    message = String(error);
  }
  expect(message.split('\n').slice(1)).toEqual([
    '  sluice:githubSecrets.SLACK_WEBHOOK: is empty (allowed: a value, or no such line)',
    '  sluice:githubSecrets.STAGING_DATABASE_URL: is too long (got 50000 bytes; allowed: at most 49152 bytes)',
    '  sluice:githubSecrets.SLACK_WEBHOOKS: no secret is named so; did you mean `SLACK_WEBHOOK`? (allowed: a name below sluice:github.secrets: STAGING_DATABASE_URL, SLACK_WEBHOOK, BY_HAND)',
    '  sluice:githubSecrets.BY_HAND: is not a text (allowed: a text, in quotes)',
  ]);
});
