import { describe, expect, it } from 'vitest';
import { steadyTime } from '../../lib/clock.ts';
import type { RunOptions } from '../../release/runner.ts';
import { World } from '../support/world.ts';

const HOUR = 3_600_000;

/** Version 1 is live; only the first stage is watched for long. */
const live = (): Promise<World> => {
  const world = new World();
  const stages = [
    { name: 'canary', traffic: 5, bake: 300_000 },
    { name: 'half', traffic: 50, bake: 0 },
    { name: 'full', traffic: 100, bake: 0 },
  ];
  Object.assign(world.app, { stages });
  return world.withV1();
};

/** The runner's machine, whose clock is set once while the canary bakes; nobody else's clock jumps. */
const jumping = (world: World, ms: number, then: () => void = () => undefined): Partial<RunOptions> => {
  let offset = 0;
  const passed = (): number => world.clock.now();
  return {
    clock: {
      now: steadyTime({ wall: () => passed() + offset, running: passed, sinceStart: passed }),
      sleep: (time, signal) => world.clock.sleep(time, signal),
    },
    onView: (view) => {
      if (offset !== 0 || view.stage?.name !== 'canary' || view.bakeLeft === undefined) return;
      offset = ms;
      then();
    },
  };
};

describe.each([
  ['an hour forward', HOUR],
  ['an hour back', -HOUR],
])('the clock jumps %s while the canary bakes', (_, ms) => {
  it('a healthy version goes to 100 %, and stack, weights and record agree', async () => {
    const world = await live();
    const outcome = await world.deploy('v2.0.0', jumping(world, ms));
    expect(outcome).toMatchObject({ result: 'success', exit: 0 });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect(world.agrees()).toBe(true);
    expect(world.record(outcome.deployment)?.status).toBe('success');
    expect(world.cloud.broken).toEqual([]);
  });

  it('a bad version goes back all the same', async () => {
    const world = await live();
    world.cloud.behaviours.set('v2.0.0', { errorRate: 0.3 });
    const outcome = await world.deploy('v2.0.0', jumping(world, ms));
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.agrees()).toBe(true);
  });

  it('the lease stays this runner’s: another release is refused, this one goes on', async () => {
    const world = await live();
    let second: ReturnType<World['deploy']> | undefined;
    const jump = jumping(world, ms, () => {
      second = world.deploy('v3.0.0', {}, { by: 'lin' });
    });
    const first = await world.deploy('v2.0.0', jump);
    expect(await second).toMatchObject({ result: 'refused', exit: 3 });
    expect(first).toMatchObject({ result: 'success' });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });
});

it.each([HOUR, -HOUR])(
  'the bake of the stage is as long as it says, whatever the clock says (%i ms)',
  async (ms) => {
    const world = await live();
    const from = world.cloud.trace.length;
    const outcome = await world.deploy('v2.0.0', jumping(world, ms));
    const trace = world.cloud.trace.slice(from);
    const at = (share: number): number =>
      trace.find((t) => t.service === 'api' && t.weights['arn:group/api/green'] === share)?.at ?? 0;
    const bake = outcome.state.stages[0]?.bake ?? 0;
    expect(at(50) - at(5)).toBeGreaterThanOrEqual(bake);
    expect(at(50) - at(5)).toBeLessThan(bake + 60_000);
  },
);
