import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
  images = {};
  for (const version of ['v1.0.0', 'v2.0.0', 'v3.0.0'])
    images[version] = (await publishArtifact(t, version)).image;
});
afterAll(() => t.close());

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

/** A stack without a function, then v1 with all the traffic. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lambda-'));
  for (const bucket of ['backup', 'record', 'lease'])
    if (t.cloud.s3.bucket(`parcel-production-${bucket}`) !== undefined)
      t.cloud.s3.deleteBucket(`parcel-production-${bucket}`, { force: true });
  if (t.cloud.functions.exists(FUNCTION)) await t.cloud.functions.delete(FUNCTION);
  await up();
  await step(UP, D1, slotOf('v1.0.0', D1));
  await step(shift(100), D1, slotOf('v1.0.0', D1));
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('a release of functions is a list of stack updates', () => {
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
    const [blue = '', green = ''] = Object.values(routing.services['greet']?.targetGroups ?? {});
    expect([blue, green].map((arn) => arn.split(':').at(-1))).toEqual(['1', '2']);
    expect(routing.services['greet']?.rule).toContain(`${FUNCTION}:live`);
  });

  it('goes back to any version that is still published without publishing again', async () => {
    const [v1, v2, v3] = [slotOf('v1.0.0', D1), slotOf('v2.0.0', D2), slotOf('v3.0.0', D3)];
    for (const [deployment, slot] of [
      [D2, v2],
      [D3, v3],
    ] as const) {
      await step(UP, deployment, slot);
      await step(shift(100), deployment, slot);
    }
    const goBack = '1700000009-abcdefabcdef';
    await step(UP, goBack, v1);
    await step(shift(100), goBack, v1);
    expect(alias()).toEqual({ version: '1', additional: {} });
    expect(numbers()).toEqual(['$LATEST', '1', '2', '3']);
  });

  it('a version that somebody deleted is published again from its artifact', async () => {
    const [v2, v3] = [slotOf('v2.0.0', D2), slotOf('v3.0.0', D3)];
    for (const [deployment, slot] of [
      [D2, v2],
      [D3, v3],
    ] as const) {
      await step(UP, deployment, slot);
      await step(shift(100), deployment, slot);
    }
    await t.cloud.functions.delete(FUNCTION, '1');
    const goBack = '1700000009-abcdefabcdef';
    await step(UP, goBack, slotOf('v1.0.0', D1));
    await step(shift(100), goBack, slotOf('v1.0.0', D1));
    expect(alias()).toEqual({ version: '4', additional: {} });
    const published = t.cloud.functions.version(FUNCTION, '4');
    expect(published.spec.description).toContain('v1.0.0');
    expect(published.codeSha256).toBe(
      Buffer.from((images['v1.0.0'] ?? '').slice(-64), 'hex').toString('base64'),
    );
  });

  it('an alias that was changed by hand is not overwritten by a plain update, which says what differs', async () => {
    const v2 = slotOf('v2.0.0', D2);
    await step(UP, D2, v2);
    t.cloud.functions.setAlias(FUNCTION, 'live', { version: '2', additional: {}, description: '' });
    const error: unknown = await up().then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(StackFailed);
    expect(String(error)).toContain('greet: live {"green":100}, release {"blue":100}');
    expect(alias().version).toBe('2');
  });

  it('the same again changes nothing', async () => {
    await up();
    expect(numbers()).toEqual(['$LATEST', '1']);
  });
});
