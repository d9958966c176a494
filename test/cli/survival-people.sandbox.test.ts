import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandWorld, type Line } from '../support/command-world.ts';

/** Two processes, or two people, at one environment. */
let world: CommandWorld;
beforeAll(async () => {
  world = await CommandWorld.open();
});
afterAll(async () => {
  expect((await world.close())?.failed).toBe(0);
});

const what = (text: string) => (l: Line) => String(l['what']).startsWith(text);

test('two deploys at the same instant: exactly one goes on, three times in a row', async () => {
  for (const attempt of [1, 2, 3]) {
    const both = [world.deploy(), world.deploy()];
    const ended = Promise.race(both.map(async (r, i) => ({ i, code: await r.exited })));
    const refused = await ended;
    expect(refused.code, `try ${attempt}`).toBe(3);
    const other = both[1 - refused.i];
    if (other === undefined) throw new Error('no other');
    await other.until('the lease', what('holds the lease'));
    const { open } = await world.look();
    expect(open.filter((s) => s.lease !== undefined)).toHaveLength(1);
    await world.say('abort');
    expect([4, 5]).toContain(await other.exited);
  }
  expect(await world.look()).toMatchObject({ drift: [], open: [] });
});

test('pause, promote and abort from a second process', async () => {
  const before = await world.look();
  const release = world.deploy();
  await release.baking();
  expect((await world.run('pause', '--reason', 'I want to look')).code).toBe(0);
  await release.until('the pause', what('paused by'));
  expect((await world.run('promote')).code).toBe(0);
  await release.until('the end of the pause', what('goes on, says'));
  expect((await world.run('promote')).code).toBe(0);
  await release.baking('progressive');
  expect((await world.run('abort', '--reason', 'enough')).code).toBe(0);
  expect(await release.exited).toBe(4);
  expect(String(release.result('outcome')['why'])).toContain('enough');
  expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });
});

test('weights set to 50/50 by hand in the middle of a bake: halted and shown; reconciled; taken back', async () => {
  const before = await world.look();
  const release = world.deploy();
  await release.baking();
  await world.byHand({ blue: 50, green: 50 });
  expect(await release.exited).toBe(5);
  expect(release.result('outcome')['result']).toBe('halted');
  const half = Array.from({ length: 4 }, () => ({ blue: 50, green: 50 }));
  expect(Object.values((await world.look()).live)).toEqual(half);
  const status = await world.run('status');
  expect(status.code).toBe(5);
  expect(status.running.result('status')['drift']).toHaveLength(4);

  const asked = await world.run('reconcile');
  expect(asked.code).toBe(5);
  expect(asked.running.result('reconcile')['ways']).toMatchObject({
    stack: expect.stringContaining('--to stack') as string,
    live: expect.stringContaining('blue 50 % / green 50 %') as string,
  });
  expect(Object.values((await world.look()).live)).toEqual(half);

  expect((await world.run('reconcile', '--to', 'stack')).code).toBe(0);
  expect((await world.look()).drift).toEqual([]);
  expect((await world.run('deploy', '--resume', '--revert')).code).toBe(4);
  expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });
});

test('the preview during a release: the next stage, and the way back; it changes nothing', async () => {
  const release = world.deploy();
  await release.baking();
  await world.say('pause');
  await release.until('the pause', what('paused by'));
  const before = await world.look();
  const { code, running } = await world.run('preview');
  expect(code).toBe(0);
  const page = running.result('preview') as unknown as {
    outlooks: { title: string; traffic: string[]; losses: unknown[] }[];
  };
  expect(page.outlooks.map((o) => o.title.split(':')[0])).toEqual([
    'The next stage',
    'The rollback to v1.0.0',
  ]);
  expect(page.outlooks[0]?.traffic[0]).toMatch(/95 % .* 5 % .*→ .*50 %/);
  expect(page.outlooks.flatMap((o) => o.losses)).toEqual([]);
  expect((await world.look()).outputs).toEqual(before.outputs);
  await world.say('abort');
  expect(await release.exited).toBe(4);
});
