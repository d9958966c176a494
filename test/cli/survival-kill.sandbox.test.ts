import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandWorld } from '../support/command-world.ts';

/** Runners that die, with the commands as people start them, in a local cloud with users. */
let world: CommandWorld;
beforeAll(async () => {
  world = await CommandWorld.open();
});
afterAll(async () => {
  const seen = await world.close();
  // Requests in flight in nothing that was killed: the load balancer and the services lived on.
  expect(seen?.failed).toBe(0);
});

const LOCK = (): string => join(world.directory, 'sandbox', 'stacks', 'production', 'lock.json');

test('killed with -9 while the canary bakes: resumed by the next runner, to the end', async () => {
  const first = world.deploy();
  await first.baking();
  await first.kill();
  const left = await world.look();
  expect(left.drift).toEqual([]);
  expect(left.open.map((s) => s.phase.name)).toEqual(['stage']);

  const next = world.start('deploy', '--resume', '--lease', '3 seconds');
  await next.until('the resumed bake', (l) => String(l['what']).startsWith('taken up again'));
  await world.say('promote');
  await next.baking('progressive');
  await world.say('promote');
  await next.baking('full');
  await world.say('promote');
  expect(await next.exited).toBe(0);
  const { deployment } = next.result('outcome');
  expect((await world.record(String(deployment)))?.status).toBe('success');
  const after = await world.look();
  expect(after).toMatchObject({ drift: [], open: [] });
  expect(Object.values(after.live)).toEqual(Array.from({ length: 4 }, () => ({ green: 100 })));
  expect(after.outputs.release?.slots.green?.deployment).toBe(deployment);
});

test('killed with -9, then reverted: what was live before serves everybody', async () => {
  const before = await world.look();
  const first = world.deploy();
  await first.baking();
  await first.kill();
  const { code, running } = await world.run('deploy', '--resume', '--revert');
  expect(code).toBe(4);
  const { deployment } = running.result('outcome');
  expect((await world.record(String(deployment)))?.status).toBe('rolled_back');
  expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });
});

test('killed in the middle of an update: an emergency rollback sets weights first, clears the lock, records both times', async () => {
  const before = await world.look();
  const first = world.deploy();
  await first.until('the probes', (l) => String(l['what']).startsWith('every probe'));
  const on = { kind: 'resource', on: 'update', type: 'aws:lb/listenerRule:ListenerRule' } as const;
  await world.fault({ ...on, urn: '*api-gateway*', delayMs: 5_000 });
  // The other three rules have moved.
  await expect.poll(async () => (await world.look()).drift, { timeout: 15_000 }).toHaveLength(3);
  await first.kill();
  expect(existsSync(LOCK())).toBe(true);

  const { code, running } = await world.run('rollback', '--mode', 'emergency', '--reason', 'service outage');
  expect(code).toBe(0);
  expect(existsSync(LOCK())).toBe(false);
  expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });
  const record = await world.record(String(running.result('outcome')['deployment']));
  expect(record?.rollback?.weights_restored_ms).toBeLessThan(record?.rollback?.recorded_ms ?? 0);
});

test('killed in the middle of an update, reconciled towards the stack: the release can go on', async () => {
  const first = world.deploy();
  await first.until('the probes', (l) => String(l['what']).startsWith('every probe'));
  const on = { kind: 'resource', on: 'update', type: 'aws:lb/listenerRule:ListenerRule' } as const;
  await world.fault({ ...on, urn: '*api-gateway*', delayMs: 5_000 });
  await expect.poll(async () => (await world.look()).drift, { timeout: 15_000 }).toHaveLength(3);
  await first.kill();
  // Its lease runs out first.
  await delay(3_500);
  const { code, running } = await world.run('reconcile', '--to', 'stack');
  expect(code).toBe(0);
  expect(running.result('reconcile')).toMatchObject({ updated: true });
  const next = world.start('deploy', '--resume', '--lease', '3 seconds');
  await next.baking();
  await world.say('abort');
  expect(await next.exited).toBe(4);
  expect(await world.look()).toMatchObject({ drift: [], open: [] });
});

test('the lock belongs to another machine: traffic is back, and the person is told what to do', async () => {
  const before = await world.look();
  const first = world.deploy();
  await first.baking();
  await first.kill();
  const info = { id: 'x', pid: 1, host: 'another-machine', user: 'ada', at: Date.now() };
  writeFileSync(LOCK(), JSON.stringify(info));

  const { code, running } = await world.run('rollback', '--mode', 'emergency', '--reason', 'service outage');
  expect(code).toBe(5);
  expect((await world.look()).live).toEqual(before.live);
  const outcome = running.result('outcome');
  expect(String(outcome['why'])).toContain('another-machine');
  expect(String(outcome['hint'])).toContain('sluice reconcile --stack production --to live');

  rmSync(LOCK());
  expect((await world.run('reconcile', '--to', 'live')).code).toBe(0);
  expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });
});
