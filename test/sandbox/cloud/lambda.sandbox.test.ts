import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaClient } from '../../../release/adapters/aws/lambda/client.ts';
import { lambdaProber } from '../../../release/adapters/aws/lambda/prober.ts';
import { lambdaTraffic } from '../../../release/adapters/aws/lambda/traffic.ts';
import { s3Artifacts } from '../../../release/adapters/aws/lambda/artifacts.ts';
import { s3Client } from '../../../release/adapters/s3.ts';
import type { ProbeTarget } from '../../../release/ports/prober.ts';
import { unzip, zip } from '../../../sandbox/cloud/lambda/zip.ts';
import { trafficContract } from '../../support/contracts/traffic.ts';
import {
  ALIAS,
  BUCKET,
  FUNCTION,
  functionInputs,
  NAME,
  publishArtifact,
  type Packed,
} from '../../support/functions.ts';
import { testCloud, urnOf, type TestCloud } from '../provider/cloud.ts';

let t: TestCloud;
let v1: Packed;
let v2: Packed;
let versions: [string, string];
let client: ReturnType<typeof lambdaClient>;

const update = (inputs: ReturnType<typeof functionInputs>, olds: Record<string, unknown>) =>
  t.cloud.provider.update({
    urn: urnOf(FUNCTION, 'greet'),
    type: FUNCTION,
    id: NAME,
    olds,
    oldInputs: olds,
    news: inputs,
    preview: false,
    timeout: 0,
  });

beforeAll(async () => {
  t = await testCloud();
  [v1, v2] = [await publishArtifact(t, 'v1.0.0'), await publishArtifact(t, 'v2.0.0')];
  const made = await t.create(FUNCTION, 'greet', functionInputs(v1, 'v1.0.0'));
  const { outputs } = await update(functionInputs(v2, 'v2.0.0'), made.outputs);
  versions = [`${String(made.outputs['arn'])}:1`, String(outputs['qualifiedArn'])];
  client = lambdaClient({
    region: 'eu-central-1',
    endpoint: t.cloud.lambda,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  for (let i = 0; i < 20; i += 1)
    await t.create(ALIAS, `a${i}`, { functionName: NAME, functionVersion: '1', name: `a${i}` });
});
afterAll(() => t.close());

const aliasArn = (name: string): string => `${versions[0].replace(/:1$/, '')}:${name}`;

trafficContract('Lambda (sandbox)', () =>
  Promise.resolve({
    traffic: lambdaTraffic(client),
    rules: Array.from({ length: 20 }, (_, i) => aliasArn(`a${i}`)),
    groups: versions,
    missing: aliasArn('missing'),
    close: () => Promise.resolve(),
  }),
);

const target = (more: Partial<ProbeTarget> = {}, tests?: object[]): ProbeTarget => ({
  service: 'greet',
  targetGroup: versions[1],
  url: '',
  headers: {},
  version: 'v2.0.0',
  timeoutMs: 1000,
  function: {
    image: v2.image,
    tests: (tests ?? [
      { name: 'greets', payload: { name: 'Ada' }, expect: { message: 'Hello, Ada!' }, within: 900 },
    ]) as NonNullable<ProbeTarget['function']>['tests'],
  },
  ...more,
});
const probe = async (...args: Parameters<typeof target>) =>
  (await lambdaProber(client).probe([target(...args)]))[0];

describe('probes of a published version', () => {
  it('invoke it with its test payloads: healthy, with the version it answers', async () => {
    expect(await probe()).toMatchObject({ healthy: true, version: '2.0.0', healthyTargets: 1 });
    expect(await lambdaProber(client).targets([versions[0]])).toEqual({
      [versions[0]]: { healthy: 1, total: 1 },
    });
  });

  it.each([
    [
      'another answer',
      { payload: { name: 'Eve' }, expect: { message: 'Hello, Ada!' } },
      'expected {"message":"Hello, Ada!"}',
    ],
    ['an error of the function', { payload: { fail: 'no name' } }, 'the function failed: no name'],
    ['a payload that times out', { payload: { sleep: 3000 } }, 'Task timed out after 1.00 seconds'],
    ['a process that ends', { payload: { exit: true } }, 'Runtime exited'],
    ['too slow an answer', { payload: { sleep: 400 }, within: 200 }, 'at most 200 ms'],
  ])('%s is unhealthy, and says why', async (_name, test, reason) => {
    const seen = await probe({}, [{ name: 'greets', within: 900, ...test }]);
    expect(seen?.healthy).toBe(false);
    expect(seen?.reason).toContain(`greets: `);
    expect(seen?.reason).toContain(reason);
  });

  it('another code than the frozen artifact, another version, a version that was deleted: each is told', async () => {
    expect((await probe({ function: { image: v1.image, tests: [] } }))?.reason).toContain(
      `the release names sha256:${v1.sha256.slice(0, 12)}`,
    );
    expect((await probe({ version: 'v9.9.9' }))?.reason).toBe('answers version 2.0.0, expected 9.9.9');
    const gone = versions[1].replace(/:2$/, ':77');
    expect(await probe({ targetGroup: gone })).toMatchObject({
      healthy: false,
      reason: 'published version 77 does not exist any more',
      healthyTargets: 0,
    });
  });

  it('through the alias, another version than the one asked for is not taken for it', async () => {
    await lambdaTraffic(client).write([{ arn: aliasArn('a0'), weights: { [versions[0]]: 100 } }]);
    const seen = await probe({ rule: aliasArn('a0'), version: undefined });
    expect(seen?.reason).toContain('version 1 answered in the place of 2');
  });
});

describe('an alias with weights', () => {
  it('splits users exactly, counts them by version, and does not count probes', async () => {
    await lambdaTraffic(client).write([
      { arn: aliasArn('a1'), weights: { [versions[0]]: 90, [versions[1]]: 10 } },
    ]);
    const before = t.cloud.functions.byArn(versions[1])?.metrics.total ?? 0;
    const answered: Record<string, number> = {};
    for (let i = 0; i < 50; i += 1) {
      const fail = i % 25 === 0 ? { fail: 'now' } : {};
      const response = await fetch(`${t.cloud.lambda}/2015-03-31/functions/${NAME}:a1/invocations`, {
        method: 'POST',
        body: JSON.stringify({ name: 'x', ...fail }),
      });
      await response.text();
      const by = response.headers.get('x-amz-executed-version') ?? 'none';
      answered[by] = (answered[by] ?? 0) + 1;
    }
    expect(answered).toEqual({ '1': 45, '2': 5 });
    await probe();
    const { metrics } = t.cloud.functions.byArn(versions[1]) ?? {};
    expect((metrics?.total ?? 0) - before).toBe(5);
    expect((metrics?.errors ?? 0) + (t.cloud.functions.byArn(versions[0])?.metrics.errors ?? 0)).toBe(2);
  });

  it('keeps its versions from being deleted; one that is not there is not found', async () => {
    const remove = (number: string) =>
      fetch(`${t.cloud.lambda}/2015-03-31/functions/${NAME}?Qualifier=${number}`, { method: 'DELETE' });
    const refused = await remove('1');
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain('in use by alias');
    expect((await remove('99')).status).toBe(404);
  });
});

it('a function that does not change publishes no version; one that does, the next number', async () => {
  const olds = { ...functionInputs(v2, 'v2.0.0'), arn: versions[0].replace(/:1$/, '') };
  expect((await update(functionInputs(v2, 'v2.0.0'), olds)).outputs['version']).toBe('2');
  expect((await update(functionInputs(v1, 'v3.0.0'), olds)).outputs['version']).toBe('3');
});

it('artifacts are found by version, pinned by digest; what is not there is not found', async () => {
  const artifacts = s3Artifacts({
    client: s3Client(t.cloud.environment()),
    build: undefined,
    directory: '.',
  });
  expect(await artifacts.find(`s3://${BUCKET}/greet`, 'v1.0.0')).toBe(v1.image);
  expect(await artifacts.find(`s3://${BUCKET}/greet`, 'v7.0.0')).toBeUndefined();
});

it('an archive is packed the same every time, and unpacked as it was; another file is refused', () => {
  const files = { 'a.js': Buffer.from('1'), 'lib/b.js': Buffer.from('2'.repeat(10_000)) };
  const archive = zip(files);
  expect(archive.equals(zip(files))).toBe(true);
  expect(unzip(archive)).toEqual(files);
  expect(() => unzip(Buffer.from('not a zip'))).toThrow('it is no zip archive');
  expect(() => unzip(zip({ '../evil.js': Buffer.from('x') }))).toThrow('it holds the path ../evil.js');
});
