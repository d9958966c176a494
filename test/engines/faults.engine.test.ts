import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inSandbox } from '../../cli/session/in-sandbox.ts';
import { openSession, type Session } from '../../cli/session/open.ts';
import { readStackConfig } from '../../cli/session/stack-config.ts';
import type { Release } from '../../config/release.types.ts';
import { runReconcile, type Reconciled } from '../../release/runner.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';
import { sandboxTraffic } from '../../sandbox/adapters/traffic.ts';
import { D1, D2 } from '../support/releases.ts';
import { checkout, liveTraffic } from './cli.ts';
import { azoraConfig, firstRelease, openGround, SERVICES, slotOf, type Ground } from './ground.ts';
import { azora } from './program.ts';
import { openReal, type Opened } from './updaters.ts';

const quiet = { onEvent: (): void => undefined };
const everywhere = (shares: Record<string, number>) => Object.fromEntries(SERVICES.map((s) => [s, shares]));
const config = azoraConfig('production');

let ground: Ground;
let it: Opened;
/** Outputs of the last update by the release engine: v1 in blue, v2 in green, both with traffic. */
let canary: StackOutputs;
let full: Release;
/** As a command opens it: the same stack, the real buckets and the real load balancer. */
let session: Session;

const traffic = () => liveTraffic(ground, canary.routing);
const pids = async () =>
  (await ground.sandbox.status()).services.flatMap((s) => s.pids).sort((a, b) => a - b);
const current = async (): Promise<Release> => {
  const release = (await it.updater.outputs())?.release;
  if (release === undefined) throw new Error('no release');
  return release;
};
/** The release engine's next configuration. */
const step = async (change: Partial<Release>): Promise<Release> => {
  const last = await current();
  return { ...last, ...change, serial: last.serial + 1, replaces: last.serial };
};
/** What users get, by the last update of the release engine. */
let shares = { blue: 95, green: 5 };

beforeAll(async () => {
  ground = await openGround();
  it = await openReal({ ground, stack: 'production', program: azora, config });
  full = firstRelease(ground, config, D1);
  await it.updater.up(full, quiet);
  const green = slotOf(ground, config, 'v2.0.0', D2);
  await it.updater.up(await step({ deployment: D2, slots: { ...full.slots, green } }), quiet);
  canary = (await it.updater.up(await step({ traffic: shares }), quiet)).outputs;
  const surroundings = inSandbox({
    sandbox: ground.sandbox,
    application: ground.directory,
    realEngine: true,
  });
  session = await openSession({
    config: readStackConfig('production'),
    surroundings: { ...surroundings, updater: () => Promise.resolve({ ...it.updater }) },
    directory: ground.directory,
  });
}, 120_000);
afterAll(async () => {
  await it.close();
  await ground.close();
});

/** What a bare `pulumi up` must say and do while live weights are not those of the last completed release. */
const refusedWithoutMoving = async (): Promise<void> => {
  const before = await traffic();
  const { code, text } = await checkout(ground, config).pulumi('up', '--yes', '--skip-preview');
  expect(text).toMatch(
    /live weights of stack production differ from release \d+: .*An update would move traffic/,
  );
  expect(text).toContain('sluice reconcile --stack production');
  expect(code).not.toBe(0);
  expect(await traffic()).toEqual(before);
};

/** `sluice reconcile --to stack`. */
const reconciled = async (): Promise<Reconciled> => {
  const deployment = '1700000900-dddddddddddd';
  const run = session.run(await session.outputs(), deployment);
  const mended = await runReconcile(run, 'production', deployment, 'stack');
  expect(await traffic()).toEqual(everywhere(shares));
  return mended;
};
/** A bare `pulumi up` goes on with what is, and moves nothing. */
const acceptedWithoutMoving = async (): Promise<void> => {
  const bare = await checkout(ground, config).pulumi('up', '--yes', '--skip-preview');
  expect([bare.code, bare.text]).toEqual([0, expect.not.stringContaining('error:')]);
  expect(await traffic()).toEqual(everywhere(shares));
};

describe('pulumi by hand, during a canary', () => {
  test('an old checkout: infrastructure only, traffic and slots stay as they are', async () => {
    const old = checkout(ground, {
      ...azoraConfig('production', (app) => {
        app['everyService'] = { ...(app['everyService'] as object), replicas: 2, memory: '8 GiB' };
      }),
      'sluice:version': 'v1.0.0',
    });
    const file = readFileSync(old.file, 'utf8');
    const before = await pids();
    const { code, text } = await old.pulumi('up', '--yes', '--skip-preview');
    expect([code, text]).toEqual([0, expect.not.stringContaining('error:')]);
    expect(text).toMatch(/app differs from the live slot in 4 services/);
    expect(await traffic()).toEqual(everywhere(shares));
    expect(await pids()).toEqual(before);
    expect(await current()).toEqual(canary.release);
    // Pulumi adds the salt of its secrets, and nothing else.
    const { encryptionsalt: _, ...rest } = parse(readFileSync(old.file, 'utf8')) as Record<string, unknown>;
    expect(rest).toEqual(parse(file));
  });
});

describe('half-way', () => {
  test('an update fails for one of four rules: a bare up is refused, reconcile mends it, the step again completes it', async () => {
    const next = await step({ traffic: { blue: 50, green: 50 } });
    await ground.fault({ kind: 'resource', on: 'update', urn: '*::routing-auth-service', fail: 'throttled' });
    await expect(it.updater.up(next, quiet)).rejects.toMatchObject({
      name: 'UpdateFailed',
      message: expect.stringContaining('routing-auth-service: throttled'),
    });
    expect(await current()).toEqual(canary.release);
    const half = await traffic();
    expect(half['auth-service']).toEqual({ blue: 95, green: 5 });
    expect(Object.values(half)).toContainEqual({ blue: 50, green: 50 });
    await refusedWithoutMoving();
    expect((await reconciled()).differed).toHaveLength(3);
    await acceptedWithoutMoving();
    canary = (await it.updater.up(next, quiet)).outputs;
    shares = { blue: 50, green: 50 };
    expect(await traffic()).toEqual(everywhere(shares));
  });

  test('--target on one rule: whatever the outputs say now, a bare up is refused', async () => {
    const urn =
      'urn:pulumi:production::sluice::sluice:components:Routing$aws:lb/listenerRule:ListenerRule::routing-api-gateway';
    const next = await step({ traffic: { blue: 0, green: 100 } });
    const { text } = await checkout(ground, config, next).pulumi(
      'up',
      '--yes',
      '--skip-preview',
      '--target',
      urn,
    );
    expect(text).toMatch(/1 updated/);
    expect(await traffic()).toEqual({ ...everywhere(shares), 'api-gateway': { green: 100 } });
    await refusedWithoutMoving();
    // Outputs name a release now that was never carried out: what was completed before it comes back.
    expect(await reconciled()).toMatchObject({ updated: true });
  });

  test('weights moved past the stack, then pulumi refresh: the release stays readable, a bare up is refused', async () => {
    const rules = Object.values(canary.routing.services).flatMap((s) =>
      s.rule === undefined || s.targetGroups.blue === undefined
        ? []
        : [{ arn: s.rule, weights: { [s.targetGroups.blue]: 100 } }],
    );
    await sandboxTraffic(ground.sandbox).write(rules);
    const refreshed = await checkout(ground, config).pulumi('refresh', '--yes', '--skip-preview');
    expect(refreshed.code).toBe(0);
    expect((await it.updater.outputs())?.release?.traffic).toEqual(shares);
    await refusedWithoutMoving();
    expect(await traffic()).toEqual(everywhere({ blue: 100 }));
    expect(await reconciled()).toMatchObject({ updated: true });
    // What comes next goes on from there.
    await acceptedWithoutMoving();
  });
});

describe('at last, because it takes the new slot away', () => {
  test('a previous configuration verbatim is refused; the command that it names makes it deliberate', async () => {
    const last = await current();
    const previous = checkout(ground, config, full);
    const refusal = await previous.pulumi('up', '--yes', '--skip-preview');
    expect(refusal.code).not.toBe(0);
    expect(refusal.text).toContain('nothing was changed');
    expect(await traffic()).toEqual(everywhere(shares));
    const command = /to apply it all the same: (.*?) {3}/.exec(refusal.text)?.[1] ?? '';
    expect(command).toContain('--stack production');
    expect(await previous.shell(command)).toEqual({ code: 0, text: '' });
    const applied = await previous.pulumi('up', '--yes', '--skip-preview');
    expect([applied.code, applied.text]).toEqual([0, expect.not.stringContaining('error:')]);
    expect(await traffic()).toMatchObject(everywhere({ blue: 100 }));
    expect(await current()).toMatchObject({
      serial: last.serial + 1,
      replaces: last.serial,
      deployment: D1,
      traffic: full.traffic,
    });
  });
});
