import { describe, expect, it } from 'vitest';
import { runTidy } from '../../release/runner.ts';
import { journalKey } from '../../release/adapters/journal.ts';
import { emptyRelease } from '../../release/core/release.ts';
import { D1, slot } from '../support/releases.ts';
import { World } from '../support/world.ts';

const HOUR = 3_600_000;
const quick = { stages: [{ name: 'full', traffic: 100, bake: 0 }] };

const withReleases = async (...versions: string[]): Promise<World> => {
  const world = new World();
  Object.assign(world.app, quick);
  await world.cloud.up(undefined);
  for (const version of versions) expect((await world.deploy(version)).result).toBe('success');
  return world;
};

/** Version 1 is live, and the runner that released version 2 died while its canary baked at 50 %. */
const killedAtCanary = async () => {
  const world = await withReleases('v1.0.0');
  Object.assign(world.app, { stages: [{ name: 'canary', traffic: 50, bake: 60_000 }, ...quick.stages] });
  const request = world.request('v2.0.0');
  const hooks = {
    before: (effect: { kind: string }) => {
      if (effect.kind === 'look') throw new Error('killed');
    },
  };
  await expect(world.deploy('v2.0.0', { hooks }, request)).rejects.toThrow('killed');
  return { world, request };
};

describe('a rollback by a person', () => {
  it('inside the window: traffic by direct calls first, then the stack, v1 verified and recorded', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0');
    const before = world.cloud.trace.length;
    const outcome = await world.rollback();
    expect(outcome).toMatchObject({ result: 'success', exit: 0 });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.cloud.trace.slice(before).map((t) => t.by)).toEqual(['direct', 'direct']);
    expect(world.cloud.broken).toEqual([]);
    expect(world.agrees()).toBe(true);
    const record = world.record(outcome.deployment);
    expect(record).toMatchObject({ kind: 'rollback', status: 'success', version: 'v1.0.0' });
    expect(record?.rollback).toMatchObject({ mode: 'standard', why: 'service outage', verified: true });
    expect(record?.rollback?.weights_restored_ms).toBeLessThan(record?.rollback?.recorded_ms ?? 0);
    expect(world.heard.messages.at(-1)?.event).toBe('rolled_back');
    expect(world.cloud.outputs?.release?.schema?.version).toBe('v2.0.0');
  });

  it('after the window: refused with the deadline, accepted with an override', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0');
    world.clock.jump(2 * HOUR);
    const refused = await world.rollback();
    expect(refused).toMatchObject({ result: 'refused', exit: 3 });
    expect(refused.why).toContain('the rollback window of v2.0.0 ended at');
    expect(refused.hint).toContain('--override');
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect((await world.rollback({ override: true })).result).toBe('success');
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });

  it('from the first release of the engine: to what a plain update had brought in, which left no record', async () => {
    const world = new World();
    Object.assign(world.app, quick);
    world.cloud.passed.add(D1);
    const blue = slot('v1.0.0', D1);
    await world.cloud.up({ ...emptyRelease(D1), slots: { blue }, traffic: { blue: 100, green: 0 } });
    expect((await world.rollback()).hint).toContain('sluice config at previous');
    await world.deploy('v2.0.0');
    expect((await world.rollback({ to: 'v0.9.0' })).result).toBe('refused');
    expect(await world.rollback()).toMatchObject({ result: 'success', exit: 0 });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.agrees()).toBe(true);
    // And forth again.
    expect((await world.rollback()).result).toBe('success');
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });

  it('to an earlier deployment whose slot is gone: brought up again, probed, then served', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0', 'v3.0.0');
    const outcome = await world.rollback({ to: 'v1.0.0' });
    expect(outcome.result).toBe('success');
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.cloud.broken).toEqual([]);
  });

  it('a version that no longer becomes healthy gets no traffic: what was live stays', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0', 'v3.0.0');
    world.cloud.behaviours.set('v1.0.0', { healthy: false });
    const outcome = await world.rollback({ to: 'v1.0.0' });
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(world.serving()).toEqual({ 'v3.0.0': 100 });
  });

  it('to a warm slot that fell ill: a standard one moves nothing, an emergency says so afterwards', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0');
    world.cloud.behaviours.set('v1.0.0', { healthy: false });
    expect(await world.rollback()).toMatchObject({ result: 'failed', exit: 5 });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    const emergency = await world.rollback({ mode: 'emergency' });
    expect(emergency).toMatchObject({ result: 'failed', exit: 5 });
    expect(emergency.attention).toContain('is not healthy');
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });

  it('previous after a rollback is the version before that one, not the one that was left', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0', 'v3.0.0');
    await world.rollback();
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    await world.rollback({ override: true });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });

  it('to something unknown: refused with what there is', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0');
    const outcome = await world.rollback({ to: 'v7.0.0' });
    expect(outcome).toMatchObject({
      result: 'refused',
      why: 'no deployment that ended well is named v7.0.0',
    });
    expect(outcome.hint).toContain('v1.0.0');
  });

  it('with --restore-database: the backup taken before the release that is left', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0');
    const left = world.cloud.outputs?.release?.backup;
    const outcome = await world.rollback({ restoreDatabase: true });
    expect(outcome.result).toBe('success');
    expect(world.heard.restored).toEqual([left]);
  });

  it('across a migration that took data away: refused unless the database is restored too', async () => {
    const world = new World();
    Object.assign(world.app, quick);
    await world.cloud.up(undefined);
    const migration = () => Promise.resolve('alter table users drop column email;');
    const ports = { ...world.options().ports, migration };
    await world.deploy('v1.0.0');
    await world.deploy('v2.0.0', { ports });
    const { updates } = world.cloud;
    const refused = await world.rollback();
    expect(refused).toMatchObject({ result: 'refused', exit: 3 });
    expect(refused.why).toContain('002_roles.sql drops a column');
    expect(refused.hint).toContain('--restore-database, or --override');
    expect(world.cloud.updates).toBe(updates);
    expect(world.heard.restored).toEqual([]);
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect((await world.rollback({ restoreDatabase: true })).result).toBe('success');
  });

  it('an emergency while a killed release holds everything: v1 back, its journal closed', async () => {
    const { world, request } = await killedAtCanary();
    expect(world.serving()).toEqual({ 'v1.0.0': 50, 'v2.0.0': 50 });
    expect((await world.rollback()).result).toBe('refused');
    const outcome = await world.rollback({ mode: 'emergency' });
    expect(outcome.result).toBe('success');
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.record(outcome.deployment)?.rollback?.weights_restored_ms).toBeLessThanOrEqual(1000);
    expect(world.record(request.deployment)?.status).toBe('rolled_back');
    expect((await world.deploy('v3.0.0')).result).toBe('success');
  });

  it('an emergency closes the journal of a release that still writes it, before traffic moves', async () => {
    const { world, request } = await killedAtCanary();
    const key = journalKey('production', request.deployment);
    const { lease } = world.stores;
    const get = lease.get.bind(lease);
    let writes = 5;
    lease.get = async (asked) => {
      const found = await get(asked);
      // Whoever has read it finds it written anew when it writes itself.
      if (asked === key && found !== undefined && (writes -= 1) > 0) await lease.put(key, found.body);
      return found;
    };
    const phases: unknown[] = [];
    const outcome = await world.rollback(
      { mode: 'emergency' },
      {
        hooks: {
          before: (effect) => {
            const { phase } = JSON.parse(lease.objects.get(key)?.body ?? '{}') as {
              phase?: { name: string };
            };
            if (effect.kind === 'weights') phases.push(phase?.name);
          },
        },
      },
    );
    expect(outcome.result).toBe('success');
    expect(phases).toEqual(['done']);
    expect([...lease.objects.keys()].filter((k) => k.startsWith('open/'))).toEqual([]);
    expect(world.record(request.deployment)?.status).toBe('rolled_back');
  });
});

describe('tidy', () => {
  it('takes the old slot down when the window is over, not before', async () => {
    const world = await withReleases('v1.0.0', 'v2.0.0');
    const id = '1700000999-dddddddddddd';
    expect(await runTidy(world.options(), 'production', id)).toMatchObject({ done: false });
    world.clock.jump(2 * HOUR);
    expect(await runTidy(world.options(), 'production', id)).toMatchObject({ done: true, removed: 'v1.0.0' });
    expect(world.cloud.outputs?.release?.slots.blue).toBeUndefined();
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect(await runTidy(world.options(), 'production', id)).toMatchObject({ done: false });
  });
});
