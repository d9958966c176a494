import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Props } from '../../../sandbox/provider/contract.ts';
import { testCloud, type TestCloud } from './cloud.ts';

const ENVIRONMENT = 'github:index/repositoryEnvironment:RepositoryEnvironment';
const POLICY = 'github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy';
const SECRET = 'github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret';
const VARIABLE = 'github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable';
const RULESET = 'github:index/repositoryRuleset:RepositoryRuleset';
const FILE = 'github:index/repositoryFile:RepositoryFile';

let t: TestCloud;
beforeAll(async () => {
  t = await testCloud();
});
afterAll(() => t.close());

const reasons = async (type: string, inputs: Props): Promise<string[]> =>
  (await t.failures(type, 'x', inputs)).map((f) => `${f.property}: ${f.reason}`);
const environment = (repository: string, name: string, more: Props = {}) =>
  t.create(ENVIRONMENT, name, { repository, environment: name, ...more });

describe('what GitHub refuses is refused', () => {
  it('a seventh reviewer, users and teams together', async () => {
    const asked = (users: number[], teams: number[]) =>
      reasons(ENVIRONMENT, { repository: 'a', environment: 'e', reviewers: [{ users, teams }] });
    expect(await asked([1, 2, 3, 4], [5, 6])).toEqual([]);
    expect(await asked([1, 2, 3, 4], [5, 6, 7])).toEqual(['reviewers: 7 reviewers: GitHub takes at most 6']);
  });

  it('a name or a wait that is too long', async () => {
    expect(
      await reasons(ENVIRONMENT, { repository: 'a', environment: 'e'.repeat(256), waitTimer: 43_201 }),
    ).toEqual([
      'environment: the name has 256 characters: 1 to 255 are allowed',
      'waitTimer: 43201 is not allowed: whole numbers from 0 to 43200 are',
    ]);
  });

  it('an environment whose name differs only in case from one that exists', async () => {
    await environment('case', 'staging');
    await expect(environment('case', 'Staging')).rejects.toThrow(
      "environment 'Staging' differs only in case from 'staging', which exists",
    );
    // In another repository it is another one.
    await expect(environment('case-2', 'Staging')).resolves.toMatchObject({ id: 'case-2:Staging' });
  });

  it('an empty secret, and no or two ways of giving one; the value is in no message', async () => {
    const secret = (more: Props) =>
      reasons(SECRET, { repository: 'a', environment: 'e', secretName: 'S', ...more });
    expect(await secret({ value: 'x' })).toEqual([]);
    expect(await secret({ value: '' })).toEqual(['value: is empty']);
    expect(await secret({})).toEqual([
      'value: exactly one of value, valueEncrypted, plaintextValue, encryptedValue is needed',
    ]);
    const long = await secret({ value: 'hunter2'.repeat(10_000) });
    expect(long).toEqual(['value: has 70000 bytes: at most 49152 are allowed']);
    expect(
      await reasons(VARIABLE, { repository: 'a', environment: 'e', variableName: 'V', value: '' }),
    ).toEqual(['value: is empty']);
  });

  it('names that are GitHub’s own or none', async () => {
    const secret = (secretName: string) =>
      reasons(SECRET, { repository: 'a', environment: 'e', secretName, value: 'x' });
    expect(await secret('GITHUB_TOKEN')).toEqual([
      "secretName: 'GITHUB_TOKEN' is no name: letters, digits and _, not GITHUB_ in front",
    ]);
    expect(await secret('1ST')).toHaveLength(1);
    expect(await secret('a'.repeat(256))).toEqual(['secretName: the name has 256 characters: at most 255']);
  });

  it('a secret or policy of an environment that does not exist', async () => {
    const at = { repository: 'nowhere', environment: 'production' };
    await expect(t.create(SECRET, 's', { ...at, secretName: 'S', value: 'x' })).rejects.toThrow(
      "404 Not Found: repository nowhere has no environment 'production'",
    );
    await expect(t.create(POLICY, 'p', { ...at, branchPattern: 'main' })).rejects.toThrow('404 Not Found');
    await environment('nowhere', 'production');
    await expect(t.create(SECRET, 's', { ...at, secretName: 'S', value: 'x' })).resolves.toMatchObject({
      id: 'nowhere:production:S',
    });
  });

  it('a policy for both or neither of branch and tag', async () => {
    const both = { repository: 'a', environment: 'e', branchPattern: 'main', tagPattern: 'v*' };
    expect(await reasons(POLICY, both)).toEqual([
      'branchPattern: exactly one of branchPattern and tagPattern is needed',
    ]);
  });

  it('rules that tags cannot have, and checks without a name', async () => {
    const base = { repository: 'a', enforcement: 'active', target: 'tag' };
    expect(await reasons(RULESET, { ...base, rules: { pullRequest: {} } })).toEqual([
      'rules: pull requests and status checks are rules of branches',
    ]);
    expect(
      await reasons(RULESET, {
        ...base,
        target: 'branch',
        rules: { requiredStatusChecks: { requiredChecks: [] } },
      }),
    ).toEqual(['rules: requiredStatusChecks names no check']);
  });

  it('a push to a branch whose rules want a pull request, until the rules are gone', async () => {
    const rules = await t.create(RULESET, 'main', {
      repository: 'guarded',
      enforcement: 'active',
      target: 'branch',
      conditions: { refName: { includes: ['~DEFAULT_BRANCH'], excludes: [] } },
      rules: { pullRequest: { requiredApprovingReviewCount: 1 } },
    });
    const push = () => t.create(FILE, 'ci', { repository: 'guarded', file: 'ci.yml', content: 'x' });
    await expect(push()).rejects.toThrow('changes must be made through a pull request');
    await t.remove(RULESET, rules);
    await expect(push()).resolves.toMatchObject({ id: 'guarded/ci.yml' });
  });
});

describe('what AWS refuses of policies is refused', () => {
  const ROLE_POLICY = 'aws:iam/rolePolicy:RolePolicy';
  const policy = (Action: string[], Effect = 'Allow') =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource: '*' }] });

  it('no JSON, a wrong effect, more characters than fit', async () => {
    const put = (text: string) => reasons(ROLE_POLICY, { role: 'r', policy: text });
    expect(await put(policy(['s3:GetObject']))).toEqual([]);
    expect(await put('{')).toEqual(['policy: MalformedPolicyDocument: is no JSON']);
    expect(await put(policy([], 'allow'))).toEqual([
      'policy: MalformedPolicyDocument: has a statement whose Effect is neither Allow nor Deny',
    ]);
    const long = Array.from({ length: 600 }, (_, i) => `s3:Action${i}Something`);
    expect(await put(policy(long))).toEqual([
      expect.stringMatching(/^policy: LimitExceeded: \d+ characters without white space: at most 10240$/),
    ]);
  });
});

it('people are looked up; who does not exist is said so', async () => {
  const { provider } = t.cloud;
  const user = (username: string) =>
    provider.invoke({ token: 'github:index/getUser:getUser', args: { username } });
  expect((await user('Octocat')).result).toMatchObject({ id: '583231', login: 'octocat' });
  expect((await user('nobody-at-all')).failures).toEqual([
    { property: '', reason: 'GET https://api.github.com/users/nobody-at-all: 404 Not Found' },
  ]);
  const team = await provider.invoke({ token: 'github:index/getTeam:getTeam', args: { slug: 'release' } });
  expect(team.result).toMatchObject({ id: '4712', slug: 'release' });
});
