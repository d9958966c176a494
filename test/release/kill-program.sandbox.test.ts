import { expect, it } from 'vitest';
import { expectAgreement, runAndKill, SHORT } from '../support/kills.ts';
import { World } from '../support/world.ts';
import { ProgramCloud } from '../support/world/program-cloud.ts';

/** The real program and the embedded engine, in the world's compressed time: version 1 came by a plain update. */
const build = async (behaviour: { errorRate?: number } = {}): Promise<World> => {
  const world = new World(SHORT, ProgramCloud);
  await world.cloud.up(undefined);
  expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  world.cloud.behaviours.set('v2.0.0', behaviour);
  return world;
};

/** Kills a release at one effect after the other, each in a world of its own, until it has no more. */
const atEvery = async (
  when: 'before' | 'after',
  behaviour: { errorRate?: number },
  look: (world: World, deployment: string, kind: string, label: string) => Promise<void>,
): Promise<number> => {
  for (let n = 0; ; n += 1) {
    const world = await build(behaviour);
    const { deployment, kind = '', outcome } = await runAndKill(world, n, when);
    if (outcome !== undefined) return n;
    await look(world, deployment, kind, `killed ${when} effect ${n} (${kind})`);
  }
};

it('killed before every effect of a release: resumed to its end', async () => {
  const points = await atEvery('before', {}, async (world, deployment, _, label) => {
    expect((await world.resume(deployment)).result, label).toBe('success');
    expectAgreement(world, deployment, label, 'v2.0.0', 'success');
  });
  expect(points).toBeGreaterThan(20);
});

it('killed after every effect of a release: reverted to what was live', async () => {
  const reverted: string[] = [];
  await atEvery('after', {}, async (world, deployment, kind, label) => {
    const { result } = await world.resume(deployment, 'revert');
    // What was decided already, and what never began, cannot be reverted.
    if (result === 'success' || result === 'refused') {
      expect(['record', 'message', 'letGo', 'preflight', 'acquire'], label).toContain(kind);
      return;
    }
    expectAgreement(world, deployment, label, 'v1.0.0', result);
    reverted.push(kind);
  });
  expect(reverted).toEqual(expect.arrayContaining(['update', 'look', 'smoke']));
});

it('killed before every effect of a release that fails: its rollback is finished', async () => {
  const seen: string[] = [];
  await atEvery('before', { errorRate: 0.9 }, async (world, deployment, kind, label) => {
    expect((await world.resume(deployment)).result, label).toBe('rolled_back');
    expectAgreement(world, deployment, label, 'v1.0.0', 'rolled_back');
    seen.push(kind);
  });
  expect(seen).toContain('weights');
});
