import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  approvalGate,
  CODEOWNERS,
  codeownersText,
  githubWarnings,
  parseGithub,
  roleArn,
  workflowsOf,
} from '../../../config/github.ts';
import { ENVIRONMENTS } from '../../../config/github.types.ts';
import { parseStackFile } from '../../../config/stack-file.ts';
import { github, problems } from './fixtures.ts';

describe('the smallest settings', () => {
  const small = github();

  it('deploy staging from main and production by tag or by hand', () => {
    expect(small.triggers).toEqual({
      staging: { push: ['main'], paths: [], afterWorkflow: undefined, pullRequest: [] },
      production: { tags: ['v*'], dispatch: true, promote: false, afterStaging: false },
    });
    expect(small.repository).toMatchObject({ owner: 'acme', name: 'shop', full: 'acme/shop', plan: 'free' });
    expect(small.schedules.backup).toMatch(/^\d+ \d+ \* \* \*$/);
  });

  it('have the six environments, each open to what its triggers need and to nothing else', () => {
    expect(Object.keys(small.environments)).toEqual(ENVIRONMENTS);
    const refs = Object.values(small.environments).map((e) => [e.name, e.branches, e.tags]);
    expect(refs).toEqual([
      ['preview', ['refs/pull/*/merge', 'main'], []],
      ['staging', ['main', 'hotfix/*'], []],
      ['staging-rollback', ['main'], []],
      ['production-approval', ['main'], ['v*']],
      ['production', ['main'], ['v*']],
      ['production-rollback', ['main'], []],
    ]);
  });

  it('name roles by environment and kind of job', () => {
    expect(roleArn(small, 'production', 'rollback')).toBe(
      'arn:aws:iam::123456789012:role/shop-production-rollback',
    );
  });
});

describe('triggers that the documents have', () => {
  it('a workflow that succeeded takes the place of pushes', () => {
    const { triggers } = github({
      triggers: { staging: { afterWorkflow: { name: 'CI', branches: ['develop'] } } },
    });
    expect(triggers.staging).toMatchObject({
      push: [],
      afterWorkflow: { name: 'CI', branches: ['develop'] },
    });
  });

  it('pull requests of the same repository deploy staging from their own ref', () => {
    const { environments } = github({ triggers: { staging: { pullRequest: ['main'] } } });
    expect(environments['staging']?.branches).toContain('refs/pull/*/merge');
  });

  it('production in the run of staging takes its role there, and needs no tag', () => {
    const { triggers } = github({ triggers: { production: { afterStaging: true } } });
    expect(triggers.production.tags).toEqual([]);
    expect(workflowsOf('production', 'deploy', triggers)).toEqual([
      'deploy-production.yml',
      'deploy-staging.yml',
    ]);
    expect(workflowsOf('staging', 'deploy', triggers)).toEqual(['deploy-staging.yml']);
  });

  it('what cannot work together is refused', () => {
    expect(
      problems({
        triggers: {
          staging: { push: ['develop'] },
          production: { tags: [], dispatch: false, afterStaging: true },
        },
      }),
    ).toEqual([
      'triggers.production.afterStaging: needs staging to be deployed by pushes to main (got true; allowed: `push: [main]` below triggers.staging, or false)',
    ]);
    expect(problems({ triggers: { production: { tags: [], dispatch: false } } })).toEqual([
      'triggers.production: has nothing that deploys (got a map with `tags`, `dispatch`; allowed: tags, dispatch, promote or afterStaging)',
    ]);
    expect(problems({ triggers: { staging: { push: [], paths: ['docker-compose.yml'] } } })).toEqual([
      'triggers.staging.paths: limits pushes, and no push deploys (got a list of 1; allowed: with `push: [main]`)',
    ]);
  });
});

describe('reviewers', () => {
  const asked = (reviewers: unknown[]) => problems({ environments: { production: { reviewers } } });

  it('are users and teams, by name or by number', () => {
    const { environments } = github({
      environments: {
        production: { reviewers: ['octocat', 'acme/release', 583231, { user: 1 }, { team: 2 }] },
      },
    });
    expect(environments['production']).toMatchObject({
      preventSelfReview: true,
      reviewers: [
        { kind: 'user', login: 'octocat' },
        { kind: 'team', slug: 'acme/release' },
        { kind: 'user', id: 583231 },
        { kind: 'user', id: 1 },
        { kind: 'team', id: 2 },
      ],
    });
  });

  it('a seventh is refused: GitHub takes six', () => {
    expect(asked([1, 2, 3, 4, 5, 6])).toEqual([]);
    expect(asked([1, 2, 3, 4, 5, 6, 7])).toEqual([
      "environments.production.reviewers: has too many entries (got a list of 7; allowed: at most 6 reviewers (GitHub's limit); a team counts as one)",
    ]);
  });

  it('must be somebody GitHub could ask, once each, of the same organization', () => {
    expect(asked(['Octocat', 'octocat', 'other/release'])).toEqual([
      'environments.production.reviewers[1]: stands there twice (got "octocat"; allowed: each reviewer once)',
      'environments.production.reviewers[2]: is a team of another organization than the repository\'s (got "other/release"; allowed: a team of acme, e.g. acme/release)',
    ]);
    expect(asked(['no one', 1.5, { group: 1 }])).toHaveLength(3);
    expect(asked(['no one'])[0]).toContain(
      'is nobody that GitHub could ask (got "no one"; allowed: a user such as',
    );
  });
});

describe('names that differ only in case', () => {
  it('are one name to GitHub: environments', () => {
    expect(problems({ environments: { Production: {} } })).toEqual([
      'environments.Production: differs only in case from the environment `production` that jobs use, and GitHub takes them for one (got `Production`; allowed: `production`)',
    ]);
    expect(problems({ environments: { QA: {}, Qa: {} } })).toEqual([
      'environments.Qa: differs only in case from `QA`, and GitHub takes them for one (got `Qa`; allowed: names that differ in more than case)',
    ]);
  });

  it('are one name to GitHub: secrets', () => {
    expect(problems({ secrets: { DOCKER_USERNAME: 'A', docker_username: 'B' } })).toEqual([
      'secrets.docker_username: differs only in case from `DOCKER_USERNAME`, and GitHub takes them for one (got `docker_username`)',
    ]);
  });
});

describe('secrets and variables under the names of the documents', () => {
  it('go where their name says, under the name that jobs use', () => {
    const { secrets, variables } = github({
      secrets: {
        STAGING_DATABASE_URL: 'DATABASE_URL',
        PRODUCTION_JWT_SECRET: 'JWT_SECRET',
        PROD_HOST: {},
        TELEGRAM_BOT_TOKEN: {},
        DOCKER_USERNAME: { environments: ['staging'] },
      },
      variables: { AWS_REGION: 'eu-west-1', STAGING_URL: { value: 'https://x', use: 'URL' } },
    });
    expect(secrets).toEqual({
      STAGING_DATABASE_URL: { use: 'DATABASE_URL', environments: ['staging', 'staging-rollback'] },
      PRODUCTION_JWT_SECRET: { use: 'JWT_SECRET', environments: ['production', 'production-rollback'] },
      PROD_HOST: { use: 'PROD_HOST', environments: ['production', 'production-rollback'] },
      TELEGRAM_BOT_TOKEN: {
        use: 'TELEGRAM_BOT_TOKEN',
        environments: ['staging', 'staging-rollback', 'production', 'production-rollback'],
      },
      DOCKER_USERNAME: { use: 'DOCKER_USERNAME', environments: ['staging'] },
    });
    expect(variables['AWS_REGION']).toEqual({
      use: 'AWS_REGION',
      value: 'eu-west-1',
      environments: [...ENVIRONMENTS],
    });
    expect(variables['STAGING_URL']).toEqual({
      use: 'URL',
      value: 'https://x',
      environments: ['staging', 'staging-rollback'],
    });
  });

  it('never give a secret of production to previews', () => {
    expect(problems({ secrets: { PROD_KEY: { environments: ['production', 'preview'] } } })).toEqual([
      'secrets.PROD_KEY.environments: gives a secret of production to previews, which run for whoever opens a pull request (got production, preview; allowed: environments other than preview)',
    ]);
  });

  it('are told apart, and stay what GitHub takes', () => {
    expect(
      problems({
        secrets: {
          GITHUB_TOKEN: 'X',
          PROD_A: 'KEY',
          PROD_B: { use: 'KEY' },
          C: { environments: ['stagin'] },
        },
        variables: { EMPTY: '' },
      }),
    ).toEqual([
      'secrets.GITHUB_TOKEN: is not an allowed name (allowed: letters, digits and underscores, not starting with a digit or GITHUB_)',
      'variables.EMPTY: is empty: GitHub would keep no variable (got ""; allowed: a text)',
      expect.stringMatching(/^secrets\.PROD_B\.use/),
      expect.stringMatching(/^secrets\.C\.environments/),
    ]);
    expect(
      problems({ secrets: { PROD_A: 'KEY', PROD_B: { use: 'KEY' }, C: { environments: ['stagin'] } } }),
    ).toEqual([
      'secrets.PROD_B.use: is what `PROD_A` is used as already in the same environment (got `KEY`; allowed: another name)',
      expect.stringMatching(
        /^secrets\.C\.environments\[0\]: no environment is named so; did you mean `staging`\? \(got `stagin`; allowed: preview, staging, /,
      ),
    ]);
  });
});

describe('what GitHub offers', () => {
  const settings = (visibility: string, plan: string, environments: object) =>
    github({
      repository: { name: 'acme/shop', id: 1, ownerId: 2, visibility, plan },
      environments,
    });
  const asked = { 'production-approval': { reviewers: ['octocat'] }, staging: { waitTimer: '10 minutes' } };

  it.each([
    ['public', 'free', 'github', 0],
    ['private', 'enterprise', 'github', 0],
    ['internal', 'enterprise', 'github', 0],
    ['private', 'team', 'sluice', 2],
    ['private', 'pro', 'sluice', 2],
    ['private', 'free', 'sluice', 4],
  ])('%s and %s: asked by %s, with %i warnings', (visibility, plan, gate, warnings) => {
    const read = settings(visibility, plan, asked);
    expect(approvalGate(read)).toBe(gate);
    expect(githubWarnings(read)).toHaveLength(warnings);
  });

  it('says what happens instead of a review', () => {
    expect(githubWarnings(settings('private', 'team', asked))).toEqual([
      'GitHub offers no reviewers in private repositories of plan Team: production waits for `sluice approve` instead; set sluice:app.approval of production to `when: first` with the same reviewers',
      'GitHub offers no wait timers in private repositories of plan Team: staging will not wait',
    ]);
  });

  it('asks nobody where nobody was named', () => {
    expect(approvalGate(settings('private', 'team', {}))).toBe('none');
  });
});

describe('problems', () => {
  it('are told all at once, with the nearest key', () => {
    expect(
      problems({
        repository: { name: 'shop', id: 'x', ownerId: 2, visibility: 'secret' },
        aws: { account: 123456789012 },
        trigers: {},
        schedules: { tidy: '99 * * * *', backup: 'daily', drift: 'never' },
        environments: { production: { waitTimer: 30 } },
      }),
    ).toEqual([
      expect.stringContaining(
        'repository.name: is not well formed (got "shop"; allowed: owner/name on GitHub)',
      ),
      expect.stringContaining('repository.id: is not a number'),
      expect.stringContaining('repository.visibility: is not one of the allowed values'),
      expect.stringContaining(
        'aws.account: is not a text (got 123456789012; allowed: twelve digits in quotes',
      ),
      expect.stringContaining('environments.production.waitTimer: a duration needs its unit'),
      expect.stringContaining('schedules.tidy: is no schedule (got "99 * * * *"'),
      expect.stringContaining('schedules.backup: is no schedule (got "daily"'),
      ': unknown key `trigers`; did you mean `triggers`?',
    ]);
  });

  it('name what is needed when nothing is there', () => {
    expect(() => parseGithub(undefined)).toThrow(
      /^Pulumi\.foundation\.yaml has a problem:\n {2}sluice:github: is missing \(allowed: a map with at least `application`, `repository` and `aws`\)/,
    );
  });
});

it('the file of Azora says what is meant', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../Pulumi.foundation.yaml'), 'utf8');
  const { config } = parseStackFile(text, 'sluice');
  const azora = parseGithub(JSON.parse(config['sluice:github'] ?? ''));
  expect(approvalGate(azora)).toBe('github');
  expect(githubWarnings(azora)).toEqual([]);
  expect(azora.secrets['PROD_DATABASE_URL']).toEqual({
    use: 'DATABASE_URL',
    environments: ['production', 'production-rollback'],
  });
  expect(Object.entries(azora.secrets).filter(([, s]) => s.environments.includes('preview'))).toEqual([
    ['PULUMI_CONFIG_PASSPHRASE', expect.anything()],
  ]);
});

it('a change of what runs with rights asks an owner, and the file of this repository says so', () => {
  expect(codeownersText(github())).toBeUndefined();
  const root = join(import.meta.dirname, '../../..');
  const { config } = parseStackFile(readFileSync(join(root, 'Pulumi.foundation.yaml'), 'utf8'), 'sluice');
  const text = codeownersText(parseGithub(JSON.parse(config['sluice:github'] ?? '')));
  expect(text).toContain('\n/.github/ @azora/platform\n');
  expect(readFileSync(join(root, CODEOWNERS), 'utf8')).toBe(text);
});
