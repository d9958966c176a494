import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandWorld, type Line } from '../support/command-world.ts';

/** Runners that lose touch, and come back. */
let world: CommandWorld;
beforeAll(async () => {
  world = await CommandWorld.open();
});
afterAll(async () => {
  expect((await world.close())?.failed).toBe(0);
});

const what = (text: string) => (l: Line) => String(l['what']).startsWith(text);

test('a stopped runner that wakes after its lease was taken starts no further effect', async () => {
  const before = await world.look();
  const release = world.deploy();
  await release.baking();
  release.child.kill('SIGSTOP');
  const { code } = await world.run('rollback', '--mode', 'emergency', '--reason', 'service outage');
  expect(code).toBe(0);
  const after = await world.look();
  expect(after).toMatchObject({ drift: [], live: before.live });

  release.child.kill('SIGCONT');
  expect(await release.exited).toBe(5);
  expect(release.result('outcome')['result']).toBe('superseded');
  // A moment in which anything it had begun would have shown.
  await delay(1_000);
  const later = await world.look();
  expect(later.live).toEqual(before.live);
  expect(later.outputs.release?.serial).toBe(after.outputs.release?.serial);
});

test('a stopped runner whose own deployment was taken up by another: that one ends it', async () => {
  const release = world.deploy();
  await release.baking();
  release.child.kill('SIGSTOP');
  const next = world.start('deploy', '--resume', '--revert', '--lease', '3 seconds');
  expect(await next.exited).toBe(4);
  const { live, outputs } = await world.look();
  release.child.kill('SIGCONT');
  expect(await release.exited).toBe(5);
  expect(release.result('outcome')['result']).toBe('superseded');
  expect(await world.look()).toMatchObject({ drift: [], open: [], live });
  expect((await world.look()).outputs.release?.serial).toBe(outputs.release?.serial);
});

test('the buckets out of reach for longer than the lease: the release waits, then goes on to its end', async () => {
  const release = world.deploy();
  await release.baking();
  await world.storageFault({ kind: 'unreachable', ms: 5_000 });
  await delay(5_200);
  await world.say('promote');
  await release.baking('progressive');
  await world.say('promote');
  await release.baking('full');
  await world.say('promote');
  expect(await release.exited).toBe(0);
  const { deployment } = release.result('outcome');
  expect((await world.record(String(deployment)))?.status).toBe('success');
  await release.until('the lease', what('holds the lease'));
  expect(await world.look()).toMatchObject({ drift: [], open: [] });
});
