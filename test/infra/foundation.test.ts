import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseApp } from '../../config/app.ts';
import { parseGithub } from '../../config/github.ts';
import { parseStackFile } from '../../config/stack-file.ts';
import { renderWorkflows } from '../../workflows/files.ts';
import type { Props } from '../../sandbox/provider/contract.ts';
import { testCloud, type TestCloud } from '../sandbox/provider/cloud.ts';
import { foundationStage, SECRETS } from './foundation-stage.ts';
import { nameOf } from './cloud.ts';

let t: TestCloud;
let another: TestCloud;
beforeAll(async () => {
  [t, another] = await Promise.all([testCloud(), testCloud()]);
});
afterAll(() => Promise.all([t.close(), another.close()]));

const appOf = (stack: string) => {
  const text = readFileSync(join(import.meta.dirname, `../../Pulumi.${stack}.yaml`), 'utf8');
  return parseApp(JSON.parse(parseStackFile(text, 'sluice').config['sluice:app'] ?? ''), { stack });
};
const apps = () => ({ staging: appOf('staging'), production: appOf('production') });

const refusal = async (edit?: (github: Props) => void, secrets?: Props): Promise<string> => {
  const stage = foundationStage(t.cloud.provider, edit, secrets);
  const error: unknown = await stage
    .engine()
    .up()
    .then(
      () => undefined,
      (e: unknown) => e,
    );
  const made = (await stage.resources()).filter((r) => r.type !== 'pulumi:pulumi:Stack');
  expect(made).toEqual([]);
  return error instanceof Error ? error.message : String(error);
};

describe('the foundation of Azora', () => {
  it('comes up, changes nothing the second time, and keeps every secret to itself', async () => {
    const stage = foundationStage(t.cloud.provider);
    await stage.engine().up();
    const resources = await stage.resources();
    const names = (type: string) =>
      resources.filter((r) => r.type.endsWith(`:${type}`)).map((r) => nameOf(r.urn));
    expect(
      names('RepositoryEnvironment')
        .map((n) => n.replace(/-environment$/, ''))
        .toSorted(),
    ).toEqual([
      'preview',
      'production',
      'production-approval',
      'production-rollback',
      'staging',
      'staging-rollback',
    ]);
    // Staging has no slots to tidy, and no backups by the clock.
    expect(names('Role')).toHaveLength(10);
    expect(names('ActionsEnvironmentSecret')).toContain('values-production-PROD_DATABASE_URL');
    expect(names('ActionsEnvironmentSecret').filter((n) => n.startsWith('values-preview'))).toEqual([]);
    const outputs = await stage.engine().outputs();
    expect(outputs?.['approval']?.value).toBe('github');
    expect(outputs?.['unsetSecrets']?.value).toEqual(['PULUMI_CONFIG_PASSPHRASE']);
    expect(outputs?.['roles']?.value).toMatchObject({
      'production-deploy': expect.stringMatching(/:role\/azora-production-deploy$/),
      'staging-preview': expect.stringMatching(/:role\/azora-staging-preview$/),
    });

    const again = await stage.engine().up();
    expect(again.changes).toEqual({ same: resources.length });
    for (const value of Object.values(SECRETS)) {
      expect(stage.written()).not.toContain(value);
      expect(JSON.stringify(stage.events)).not.toContain(value);
    }
  });

  it('asks nobody on GitHub where its plan has no reviewers, and says who is asked instead', async () => {
    const stage = foundationStage(t.cloud.provider, (github) => {
      (github['repository'] as Props)['plan'] = 'team';
    });
    await stage.engine().up();
    const environments = (await stage.resources()).filter((r) => r.type.endsWith(':RepositoryEnvironment'));
    expect(environments).toHaveLength(6);
    expect(environments.filter((e) => e.inputs['reviewers'] !== undefined)).toEqual([]);
    expect(stage.messages().join('\n')).toContain(
      'GitHub offers no reviewers in private repositories of plan Team: production waits for `sluice approve` instead',
    );
    expect((await stage.engine().outputs())?.['approval']?.value).toBe('sluice');
  });
});

describe('workflow files as resources', () => {
  const pushed = (github: Props) => {
    github['workflowFiles'] = 'resource';
    (github['rulesets'] as Props)['main'] = { enforced: false };
  };

  it('are the same bytes as in the working tree, one after the other, with their owners', async () => {
    // A repository whose main branch has no rules: GitHub would refuse the push otherwise, and so does the sandbox.
    const stage = foundationStage(another.cloud.provider, pushed);
    await stage.engine().up();
    const files = (await stage.resources()).filter((r) => r.type.endsWith(':RepositoryFile'));
    const text = stage.config['sluice:github'] ?? '';
    const rendered = renderWorkflows({ github: parseGithub(JSON.parse(text)), apps: apps() });
    expect(files.map((f) => f.inputs['file'])).toEqual([
      ...rendered.map((f) => f.path),
      '.github/CODEOWNERS',
    ]);
    expect(files.map((f) => f.inputs['content']).slice(0, -1)).toEqual(rendered.map((f) => f.text));
    expect(files.at(-1)?.inputs['content']).toContain('/.github/ @azora/platform');
    for (const [i, file] of files.entries())
      if (i > 0) expect(file.dependencies).toContain(files[i - 1]?.urn);
  });

  it('are refused where the rules of the branch would refuse the push', async () => {
    const message = await refusal((github) => {
      github['workflowFiles'] = 'resource';
    });
    expect(message).toContain(
      'sluice:github.workflowFiles: cannot be pushed: the rules of main want a pull request (got "resource"; allowed: tree, or',
    );
  });
});

describe('bad input ends before anything is made', () => {
  it('a reviewer who does not exist', async () => {
    const message = await refusal((github) => {
      github['environments'] = { production: { reviewers: ['octocat', 'octocatt', 'azora/relase'] } };
    });
    expect(message).toBe(
      [
        'reviewers cannot be found on GitHub; nothing was changed',
        '  sluice:github.environments.production.reviewers[1] (user octocatt): GET https://api.github.com/users/octocatt: 404 Not Found',
        '  sluice:github.environments.production.reviewers[2] (team azora/relase): could not find team relase: 404 Not Found',
        '  see that the name is right and may read the repository',
      ].join('\n'),
    );
  });

  it('an empty secret, without showing any value', async () => {
    const message = await refusal(undefined, {
      ...SECRETS,
      SLACK_WEBHOOK: ' ',
      PROD_DATABASE_URI: 'hunter2',
    });
    expect(message).toContain(
      'sluice:githubSecrets.SLACK_WEBHOOK: is empty (allowed: a value, or no such line)',
    );
    expect(message).toContain(
      'sluice:githubSecrets.PROD_DATABASE_URI: no secret is named so; did you mean `PROD_DATABASE_URL`?',
    );
    expect(message).not.toContain('hunter2');
  });

  it('an application that is another one than in its stacks', async () => {
    const message = await refusal((github) => {
      github['application'] = 'azure';
    });
    expect(message).toContain(
      'sluice:github.application: is not the application of stack staging (got azure; allowed: azora)',
    );
  });

  it('a stack that has no file', async () => {
    const message = await refusal((github) => {
      github['stacks'] = { staging: 'stagin' };
    });
    expect(message).toContain('a stack whose Pulumi.stagin.yaml is here');
  });
});
