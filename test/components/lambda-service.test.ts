import { expect, it } from 'vitest';
import { FunctionAlias } from '../../components/function-alias.ts';
import { LambdaService } from '../../components/lambda-service.ts';
import { planLambdaService, type FunctionDefinition } from '../../components/lambda-service.plan.ts';
import { D1, digest, service } from '../support/releases.ts';
import { declared, find, outline, scope, tags } from './declared.ts';

const latest = (change: Parameters<typeof service>[2] = {}): FunctionDefinition => ({
  version: 'v1.2.0',
  deployment: D1,
  definition: service('greet', 1, {
    image: `s3://artifacts/greet@${digest(1)}`,
    memory: 256,
    environment: { CURRENCY: 'EUR' },
    function: {
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      architecture: 'arm64',
      timeout: 3000,
      tests: [],
    },
    ...change,
  }),
});
const plan = (change?: Parameters<typeof latest>[0]) =>
  planLambdaService({ scope, service: 'greet', ...latest(change) });

it('plans the code by digest, the release in the description, and secrets as references', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-abcdef';
  const planned = plan({ secrets: { API_KEY: { arn, version: 'one' } } });
  expect(planned.code).toEqual({
    bucket: 'artifacts',
    key: `greet/${digest(1).slice('sha256:'.length)}.zip`,
    sha256Base64: `${'A'.repeat(42)}E=`,
  });
  expect(planned.description).toBe(`v1.2.0 ${D1}`);
  expect(planned.timeout).toBe(3);
  expect(planned.secretArns).toEqual([arn]);
  expect(planned.variables).toEqual({
    API_KEY_SECRET: `${arn}:one`,
    CURRENCY: 'EUR',
    SLUICE_DEPLOYMENT: D1,
    SLUICE_SERVICE: 'greet',
    SLUICE_VERSION: 'v1.2.0',
  });
});

it('refuses what was frozen as a container, or without an artifact', () => {
  expect(() => plan({ image: `docker.io/azora/greet@${digest(1)}` })).toThrow('names no artifact');
  const { function: _none, ...container } = latest().definition;
  expect(() => planLambdaService({ scope, service: 'greet', ...latest(), definition: container })).toThrow(
    'was frozen as a container',
  );
});

it('declares exactly these resources, and the alias after all that it waits for', async () => {
  const list = await declared(() => {
    const made = new LambdaService('greet', { scope, service: 'greet', latest: latest() });
    const after = [made.function];
    const to = { functionName: made.function.name, version: '3', other: { version: '4', share: 0.1 } };
    return new FunctionAlias('routing', { alias: 'live', description: 'users', after, ...to });
  });
  expect(outline(list)).toEqual([
    'greet (sluice:LambdaService) < ',
    'greet-function (aws:Function) < greet',
    'greet-logs (aws:LogGroup) < greet',
    'greet-policy (aws:RolePolicy) < greet',
    'greet-role (aws:Role) < greet',
    'routing (sluice:RoutingAlias) < ',
    'routing-alias (aws:Alias) < routing',
  ]);
  expect(find(list, 'greet-function').inputs).toMatchObject({
    name: 'azora-test-greet',
    publish: true,
    s3Bucket: 'artifacts',
    memorySize: 256,
    timeout: 3,
    architectures: ['arm64'],
    tags: tags({ service: 'greet' }),
  });
  expect(find(list, 'routing-alias')).toMatchObject({
    inputs: { name: 'live', functionVersion: '3', routingConfig: { additionalVersionWeights: { '4': 0.1 } } },
    after: ['greet-function'],
  });
  const policy = JSON.parse(String(find(list, 'greet-policy').inputs['policy'])) as {
    Statement: { Action: string[] }[];
  };
  expect(policy.Statement.map((s) => s.Action)).toEqual([['logs:CreateLogStream', 'logs:PutLogEvents']]);
});
