import { describe, expect, it } from 'vitest';
import { runReconcile } from '../../release/runner.ts';
import { groupArn, ruleArn, World } from '../support/world.ts';

const ID = '1700000999-dddddddddddd';

/** v2 at 5 %, halted because somebody set 50/50. */
const halted = async (): Promise<{ world: World; deployment: string }> => {
  const world = await new World().withV1();
  let done = false;
  const outcome = await world.deploy('v2.0.0', {
    onView: (v) => {
      if (done || v.bakeLeft === undefined) return;
      done = true;
      world.cloud.byHand({ blue: 50, green: 50 });
    },
  });
  expect(outcome.result).toBe('halted');
  return { world, deployment: outcome.deployment };
};

describe('weights that somebody moved are reconciled', () => {
  it('towards the stack: direct calls, no update; then the release goes on', async () => {
    const { world, deployment } = await halted();
    const updates = world.cloud.updates;
    const mended = await runReconcile(world.options(), 'production', ID, 'stack');
    expect(mended.differed).toHaveLength(2);
    expect(world.cloud.updates).toBe(updates);
    expect(world.serving()).toEqual({ 'v1.0.0': 95, 'v2.0.0': 5 });
    expect((await world.resume(deployment)).result).toBe('success');
  });

  it('towards what is live: the stack says it too; then the release can be taken back', async () => {
    const { world, deployment } = await halted();
    await runReconcile(world.options(), 'production', ID, 'live');
    expect(world.serving()).toEqual({ 'v1.0.0': 50, 'v2.0.0': 50 });
    expect(world.agrees()).toBe(true);
    expect((await world.resume(deployment, 'revert')).result).toBe('rolled_back');
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.agrees()).toBe(true);
  });

  it('services that disagree can only go back to what the stack says', async () => {
    const { world } = await halted();
    const weights = { [groupArn('api', 'green')]: 100 };
    world.cloud.write([{ arn: ruleArn('api'), weights }], 'hand');
    await expect(runReconcile(world.options(), 'production', ID, 'live')).rejects.toMatchObject({ exit: 3 });
    await runReconcile(world.options(), 'production', ID, 'stack');
    expect(world.agrees()).toBe(true);
  });

  it('towards the stack, after an update that broke off: the same release is applied once more', async () => {
    const { world } = await halted();
    const { ports } = world.options();
    const urn =
      'urn:pulumi:production::sluice::sluice:components:Routing$aws:lb/listenerRule:ListenerRule::routing-api';
    const rule = {
      op: 'update',
      urn,
      type: 'aws:lb/listenerRule:ListenerRule',
      protect: false,
      diff: [],
    } as const;
    const stack = { ...ports.stack, preview: () => Promise.resolve([rule]) };
    const options = world.options({ ports: { ...ports, stack } });
    const before = world.cloud.outputs?.release;
    const updates = world.cloud.updates;
    expect((await runReconcile(options, 'production', ID, 'stack')).updated).toBe(true);
    expect(world.cloud.updates).toBe(updates + 1);
    expect(world.cloud.outputs?.release).toEqual(before);
  });

  it('a release that outputs name and that was never completed (`--target`): back to the one before it', async () => {
    const { world } = await halted();
    const { outputs } = world.cloud;
    const before = outputs?.release;
    if (outputs === undefined || before === undefined) throw new Error('no release');
    const targeted = { ...before, serial: before.serial + 1, replaces: before.serial };
    world.cloud.outputs = { ...outputs, release: { ...targeted, traffic: { blue: 0, green: 100 } } };
    const mended = await runReconcile(world.options(), 'production', ID, 'stack');
    expect(mended).toMatchObject({ updated: true, serial: before.serial + 2 });
    expect(world.serving()).toEqual({ 'v1.0.0': 95, 'v2.0.0': 5 });
    expect(world.agrees()).toBe(true);
    expect(world.cloud.outputs?.release).toMatchObject({
      serial: before.serial + 2,
      traffic: before.traffic,
      slots: before.slots,
    });
  });

  it('nothing to do is nothing done', async () => {
    const world = await new World().withV1();
    const updates = world.cloud.updates;
    expect((await runReconcile(world.options(), 'production', ID, 'live')).differed).toEqual([]);
    expect(world.cloud.updates).toBe(updates);
  });
});
