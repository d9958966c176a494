import { describe, expect, it } from 'vitest';
import { planSteps } from '../../release/core/plan.ts';
import { live, slot, D2 } from '../support/releases.ts';
import { applyStep } from '../../release/core/plan.ts';
import { World } from '../support/world.ts';

const rolling = async (): Promise<World> => new World({ strategy: 'rolling' }).withV1();

/** Every share that a production rule ever gave to anything but one slot. */
const everShared = (world: World): boolean =>
  world.cloud.trace.some((t) => Object.values(t.weights).some((w) => w !== 100));

describe('rolling: one slot, replaced in place', () => {
  it('plans one step in the place of slot and stages; data comes first, or after the start', () => {
    const names = (when: 'besideBuild' | 'beforeTraffic' | 'afterStart') => {
      const { database } = new World().app;
      if (database === undefined) throw new Error('no database');
      const migrations = { ...database.migrations, when };
      const input = { current: live(), stages: [], build: true, database: { ...database, migrations } };
      return planSteps({ ...input, strategy: 'rolling' }).map((s) => s.name);
    };
    expect(names('besideBuild')).toEqual(['backup', 'migrate', 'replace']);
    expect(names('beforeTraffic')).toEqual(['backup', 'build', 'migrate', 'replace']);
    expect(names('afterStart')).toEqual(['backup', 'build', 'replace', 'migrate']);
  });

  it('keeps the slot and its traffic, and replaces what is in it', () => {
    const target = slot('v2.0.0', D2);
    const step = { kind: 'replace' as const, name: 'replace' };
    const next = applyStep(step, live(), { deployment: D2, target, version: 'v2.0.0' });
    expect(next.slots).toEqual({ blue: target });
    expect(next.traffic).toEqual({ blue: 100, green: 0 });
  });

  it('a healthy version is in its place, no second slot was ever there', async () => {
    const world = await rolling();
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'success', exit: 0 });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect(world.cloud.history.every((r) => r.slots.green === undefined)).toBe(true);
    expect(everShared(world)).toBe(false);
    expect(world.record(outcome.deployment)?.status).toBe('success');
  });

  it.each([
    ['never healthy', { healthy: false }],
    ['another version than it should be', { answers: 'v1.9.9' }],
    ['smoke tests fail', { smoke: false }],
  ])('%s: the version before, as it was frozen, is put back in place', async (_name, behaviour) => {
    const world = await rolling();
    const before = world.cloud.outputs?.release?.slots.blue;
    world.cloud.behaviours.set('v2.0.0', behaviour);
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(world.cloud.outputs?.release?.slots).toEqual({ blue: before });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.record(outcome.deployment)?.rollback?.verified).toBe(true);
  });

  it('a person goes back to the version before, in place again', async () => {
    const world = await rolling();
    await world.deploy('v2.0.0');
    expect(await world.rollback()).toMatchObject({ result: 'success' });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.cloud.outputs?.release?.slots.green).toBeUndefined();
  });
});

describe('blue-green: the idle slot is validated, then everything at once', () => {
  const stages = [{ name: 'full', traffic: 100, bake: 900_000 }];

  it('moves all traffic in one step, and keeps the old slot for the window', async () => {
    const world = await new World({ strategy: 'blueGreen', stages }).withV1();
    expect(await world.deploy('v2.0.0')).toMatchObject({ result: 'success' });
    expect(everShared(world)).toBe(false);
    expect(world.cloud.broken).toEqual([]);
    expect(world.cloud.outputs?.release?.slots.blue?.version).toBe('v1.0.0');
  });

  it('a version that does not validate in the idle slot is never served', async () => {
    const world = await new World({ strategy: 'blueGreen', stages }).withV1();
    const before = world.cloud.trace.length;
    world.cloud.behaviours.set('v2.0.0', { healthy: false });
    expect(await world.deploy('v2.0.0')).toMatchObject({ result: 'rolled_back' });
    expect(world.cloud.trace.slice(before)).toEqual([]);
  });
});

it('canary with five stages walks every one of them', async () => {
  const stages = [1, 5, 20, 60, 100].map((traffic) => ({ name: `at-${traffic}`, traffic, bake: 300_000 }));
  const world = await new World({ stages }).withV1();
  const outcome = await world.deploy('v2.0.0');
  const shares = world.record(outcome.deployment)?.rollout_stages.map((s) => s.traffic_percentage);
  expect(shares).toEqual([1, 5, 20, 60, 100]);
});
