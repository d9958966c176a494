import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseApp } from '../../config/app.ts';
import type { Release, Slot } from '../../config/release.types.ts';
import { readStackFile } from '../../config/stack-file.ts';
import main from '../../infra/index.ts';
import { freeze } from '../../release/core/freeze.ts';
import { applyStep, type Step } from '../../release/core/plan.ts';
import type { RoutingOutput } from '../../release/ports/stack.ts';
import { createEngine, fileStore, StackFailed } from '../../sandbox/engine/index.ts';
import { D1, D2, D3 } from '../support/releases.ts';
import { BUCKET, publishArtifact } from '../support/functions.ts';
import { testCloud, type TestCloud } from '../sandbox/provider/cloud.ts';

const FUNCTION = 'parcel-production-greet';
let t: TestCloud;
let folder: string;
let images: Record<string, string>;

beforeAll(async () => {
  t = await testCloud();
  folder = mkdtempSync(join(tmpdir(), 'sluice-lambda-'));
  images = {};
  for (const version of ['v1.0.0', 'v2.0.0', 'v3.0.0'])
    images[version] = (await publishArtifact(t, version)).image;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await t.close();
});

const file = (): Record<string, string> => {
  const path = join(import.meta.dirname, '../../examples/lambda/Pulumi.production.yaml');
  const values = { ...readStackFile(readFileSync(path, 'utf8'), 'sluice') };
  const app = JSON.parse(values['sluice:app'] ?? '{}') as Record<string, Record<string, unknown>>;
  const { quote } = app['services'] ?? {};
  return {
    ...values,
    'sluice:app': JSON.stringify({
      ...app,
      lambda: { artifacts: BUCKET },
      services: { greet: quote },
    }),
  };
};

const up = async (release?: Release): Promise<void> => {
  const engine = createEngine({
    project: 'sluice',
    stack: 'production',
    program: async () => ({ ...(await main()) }),
    config: { ...file(), ...(release === undefined ? {} : { 'sluice:release': JSON.stringify(release) }) },
    provider: t.cloud.provider,
    store: fileStore(folder),
    passphrase: 'test',
    now: () => Date.now(),
  });
  await engine.up();
};
const outputs = async (): Promise<Record<string, unknown>> => {
  const engine = createEngine({
    project: 'sluice',
    stack: 'production',
    program: async () => ({ ...(await main()) }),
    config: file(),
    provider: t.cloud.provider,
    store: fileStore(folder),
    passphrase: 'test',
    now: () => Date.now(),
  });
  const all = (await engine.outputs()) ?? {};
  return Object.fromEntries(Object.entries(all).map(([name, output]) => [name, output.value]));
};
const current = async () => (await outputs())['release'] as Release;

const slotOf = (version: string, deployment: string): Slot => {
  const app = parseApp(JSON.parse(file()['sluice:app'] ?? ''), { stack: 'production' });
  return freeze(app, { version, deployment, images: { greet: images[version] ?? '' }, secrets: {} });
};
const step = async (what: Step, deployment: string, target: Slot): Promise<void> =>
  up(applyStep(what, await current(), { deployment, target, version: target.version }));
const shift = (traffic: number): Step => ({
  kind: 'shift',
  name: `at-${traffic}`,
  stage: { name: `at-${traffic}`, traffic, bake: 0 },
});
const UP: Step = { kind: 'up', name: 'up' };

const alias = () => {
  const { version, additional } = t.cloud.functions.alias(FUNCTION, 'live');
  return { version, additional };
};
const numbers = (): string[] => t.cloud.functions.versions(FUNCTION).map((v) => v.number);

const [GO_BACK, AGAIN] = ['1700000009-abcdefabcdef', '1700000010-abcdefabcdef'];

/** One stack's life, test by test. It begins without a function, then with v1 up and all the traffic on it. */
describe('releases of a function are a list of stack updates', () => {
  const bring = async (slot: Slot, deployment: string, ...shares: number[]): Promise<void> => {
    await step(UP, deployment, slot);
    for (const share of shares) await step(shift(share), deployment, slot);
  };

  it('a first update makes the ground; the first version goes to 100 %; the same again changes nothing', async () => {
    await up();
    expect(t.cloud.functions.exists(FUNCTION)).toBe(false);
    await bring(slotOf('v1.0.0', D1), D1, 100);
    expect(alias()).toEqual({ version: '1', additional: {} });
    await up();
    expect(numbers()).toEqual(['$LATEST', '1']);
  });

  it('publishes a version nobody is served by, then shifts the alias, and keeps both named', async () => {
    const v2 = slotOf('v2.0.0', D2);
    await step(UP, D2, v2);
    expect(numbers()).toEqual(['$LATEST', '1', '2']);
    expect(alias()).toEqual({ version: '1', additional: {} });
    await step(shift(10), D2, v2);
    expect(alias()).toEqual({ version: '1', additional: { '2': 0.1 } });
    await step(shift(100), D2, v2);
    expect(alias()).toEqual({ version: '2', additional: {} });
    const { routing } = (await outputs()) as { routing: RoutingOutput };
    const groups = routing.services['greet']?.targetGroups;
    expect([groups?.blue, groups?.green].map((arn) => arn?.split(':').at(-1))).toEqual(['1', '2']);
    expect(routing.services['greet']?.rule).toContain(`${FUNCTION}:live`);
  });

  it('goes back to any version that is still published without publishing again', async () => {
    await bring(slotOf('v3.0.0', D3), D3, 100);
    await bring(slotOf('v1.0.0', D1), GO_BACK, 100);
    expect(alias()).toEqual({ version: '1', additional: {} });
    expect(numbers()).toEqual(['$LATEST', '1', '2', '3']);
  });

  it('a version that somebody deleted is published again from its artifact', async () => {
    await t.cloud.functions.delete(FUNCTION, '2');
    await bring(slotOf('v2.0.0', D2), AGAIN, 100);
    expect(alias()).toEqual({ version: '4', additional: {} });
    const published = t.cloud.functions.version(FUNCTION, '4');
    expect(published.spec.description).toContain('v2.0.0');
    expect(published.codeSha256).toBe(
      Buffer.from((images['v2.0.0'] ?? '').slice(-64), 'hex').toString('base64'),
    );
  });

  it('an alias that was changed by hand is not overwritten by a plain update, which says what differs', async () => {
    t.cloud.functions.setAlias(FUNCTION, 'live', { version: '1', additional: {}, description: '' });
    const error: unknown = await up().then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(StackFailed);
    expect(String(error)).toMatch(/greet: live \{"(blue|green)":100\}, release \{"(blue|green)":100\}/);
    expect(alias().version).toBe('1');
  });
});
