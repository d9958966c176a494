import { describe, expect, it } from 'vitest';
import { EXIT, ExpectedError } from '../../lib/errors.ts';
import type { View } from '../../release/core/engine/view.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import type { RunOptions } from '../../release/runner.ts';
import { World } from '../support/world.ts';

/** Writes fail while `full` says so; reads go on, as on a disk without space. */
const filling = (objects: ObjectStore, full: () => boolean, error: () => Error): ObjectStore => ({
  get: (key) => objects.get(key),
  list: (prefix) => objects.list(prefix),
  delete: (key) => objects.delete(key),
  put: async (key, body, ifMatch) => {
    if (full()) throw error();
    return await objects.put(key, body, ifMatch);
  },
});

const noSpace = (): Error =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
/** As the adapters of buckets say it. */
const unreachable = (): Error =>
  new ExpectedError('writing s3://azora-production-lease failed: TimeoutError socket hang up', {
    exit: EXIT.personNeeded,
  });

const baking = (v: View): boolean => v.stage?.name === 'canary' && v.bakeLeft !== undefined;

/** Lets writes fail from the canary's bake on, for so long. */
const failing = (world: World, ms: number, error: () => Error): Pick<RunOptions, 'ports' | 'onView'> => {
  const { ports } = world.options();
  let from = Number.POSITIVE_INFINITY;
  const full = (): boolean => world.clock.now() >= from && world.clock.now() < from + ms;
  return {
    ports: { ...ports, objects: { ...ports.objects, lease: filling(ports.objects.lease, full, error) } },
    onView: (view) => {
      if (baking(view)) from = Math.min(from, world.clock.now());
    },
  };
};

describe('the journal cannot be written', () => {
  it.each([
    ['the disk is full', noSpace],
    ['the bucket is out of reach', unreachable],
  ])('%s for a minute: the release waits and goes on', async (_, error) => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0', failing(world, 60_000, error));
    expect(outcome.result).toBe('success');
    expect(world.agrees()).toBe(true);
    expect(world.record(outcome.deployment)?.status).toBe('success');
  });

  it.each([
    ['the disk stays full', noSpace],
    ['the bucket stays out of reach', unreachable],
  ])('%s: nothing more is done, a person is called, and the next runner goes on', async (_, error) => {
    const world = await new World().withV1();
    const request = world.request('v2.0.0');
    const run = world.deploy('v2.0.0', failing(world, 30 * 60_000, error), request);
    await expect(run).rejects.toMatchObject({
      exit: EXIT.personNeeded,
      hint: expect.stringContaining(`sluice deploy --resume ${request.deployment}`) as string,
    });
    expect(world.serving()).toEqual({ 'v1.0.0': 95, 'v2.0.0': 5 });
    expect((await world.resume(request.deployment)).result).toBe('success');
    expect(world.agrees()).toBe(true);
  });
});
