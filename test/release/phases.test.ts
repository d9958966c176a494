import { describe, expect, it } from 'vitest';
import { isPast, readUntil, untilNames } from '../../release/core/engine/phases.ts';
import { ensureStack, runResume } from '../../release/runner.ts';
import type { Outcome } from '../../release/runner/types.ts';
import { testApp } from '../support/world/app.ts';
import { World } from '../support/world.ts';

const SHORT = {
  stages: [
    { name: 'canary', traffic: 5, bake: 30_000 },
    { name: 'full', traffic: 100, bake: 30_000 },
  ],
};

/** Jobs of one deployment, each a fresh runner. */
const jobs = async (world: World, names: readonly string[]): Promise<Outcome[]> => {
  const request = world.request('v2.0.0');
  const ended: Outcome[] = [];
  for (const [n, name] of names.entries()) {
    const until = readUntil(name, world.app);
    if (until === undefined) throw new Error(`no phase ${name}`);
    const outcome =
      n === 0
        ? await world.deploy('v2.0.0', { until }, request)
        : await world.resume(request.deployment, 'continue', { until });
    ended.push(outcome);
    if (outcome.result !== 'handedOn') break;
  }
  return ended;
};

describe('a job up to a stage', () => {
  it('ends with the stage, its traffic as it is; the next one goes on', async () => {
    const world = await new World(SHORT).withV1();
    const first = await jobs(world, ['preflight', 'deploy', 'canary']);
    expect(first.map((o) => [o.result, o.exit])).toEqual(Array.from({ length: 3 }, () => ['handedOn', 0]));
    expect(world.serving()).toEqual({ 'v1.0.0': 95, 'v2.0.0': 5 });
    const deployment = first[0]?.deployment ?? '';
    const full = await world.resume(deployment, 'continue', { until: { stage: 'full' } });
    expect(full).toMatchObject({ result: 'handedOn', why: 'the next phase is smoke' });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    // What is done already is not done again.
    const updates = world.cloud.updates;
    expect((await world.resume(deployment, 'continue', { until: { stage: 'canary' } })).exit).toBe(0);
    expect(world.cloud.updates).toBe(updates);
    expect((await world.resume(deployment, 'continue', { until: { phase: 'record' } })).result).toBe(
      'success',
    );
  });

  it('takes a holdback’s second part along', async () => {
    const plain = testApp();
    const world = await new World({ ...SHORT, gate: { ...plain.gate, holdback: 5 } }).withV1();
    const ended = await jobs(world, ['preflight', 'canary', 'full']);
    expect(ended.at(-1)).toMatchObject({ result: 'handedOn', why: 'the next phase is smoke' });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });

  it('of a first release, which has one stage only, does not wait for one that never comes', async () => {
    const world = new World(SHORT);
    await world.cloud.up(undefined);
    const ended = await jobs(world, ['preflight', 'canary', 'full', 'smoke', 'record']);
    expect(ended.at(-1)?.result).toBe('success');
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });

  it('that fails takes everything back, records it and says so: no other job has to', async () => {
    const world = await new World(SHORT).withV1();
    world.cloud.behaviours.set('v2.0.0', { errorRate: 0.5 });
    const ended = await jobs(world, ['preflight', 'deploy', 'canary', 'full']);
    expect(ended.map((o) => o.result)).toEqual(['handedOn', 'handedOn', 'rolled_back']);
    expect(ended.at(-1)?.exit).toBe(4);
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.record(ended[0]?.deployment ?? '')?.status).toBe('rolled_back');
  });
});

describe('a job before the approval', () => {
  it('asks the approvers before it ends: the next one may wait for days', async () => {
    const plain = testApp();
    const approval = { ...plain.approval, when: 'first' as const, reviewers: ['grace'] };
    const world = await new World(SHORT).withV1();
    Object.assign(world.app, { approval });
    const [first] = await jobs(world, ['preflight']);
    expect(first).toMatchObject({ result: 'handedOn', why: 'the next phase is approval' });
    expect(world.heard.messages.map((m) => m.event)).toContain('approval');
  });
});

describe('between two jobs', () => {
  it('an emergency rollback pre-empts: it does not wait, and the next job is told and changes nothing', async () => {
    const world = await new World(SHORT).withV1();
    const [first] = await jobs(world, ['canary']);
    expect(world.serving()).toEqual({ 'v1.0.0': 95, 'v2.0.0': 5 });
    const standard = await world.rollback();
    expect(standard).toMatchObject({ result: 'refused', exit: 3 });
    const began = world.clock.now();
    const emergency = await world.rollback({ mode: 'emergency' });
    expect(emergency).toMatchObject({ result: 'success', exit: 0 });
    expect(world.clock.now() - began).toBeLessThan(60_000);
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    const updates = world.cloud.updates;
    const late = world.resume(first?.deployment ?? '', 'continue', { until: { stage: 'full' } });
    await expect(late).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining('superseded') as string,
    });
    expect(world.cloud.updates).toBe(updates);
    expect(world.record(first?.deployment ?? '')).toBeDefined();
  });
});

describe('a stack that was never updated', () => {
  it('gets its infrastructure first, once; a plain update would bring a version in, so it is told not to', async () => {
    const seen: unknown[] = [];
    const { stack } = new World().options().ports;
    const spied = {
      ...stack,
      up: (...given: Parameters<typeof stack.up>) => {
        seen.push(given[0]);
        return stack.up(...given);
      },
    };
    await ensureStack(spied, '1700000000-000000000000');
    await ensureStack(spied, '1700000000-000000000000');
    expect(seen).toMatchObject([{ slots: {}, replaces: null, deployment: '1700000000-000000000000' }]);
  });
});

describe('a way back that nobody stood by', () => {
  it('says what was lost, and where', async () => {
    const world = await new World(SHORT).withV1();
    const [first] = await jobs(world, ['canary']);
    const why = 'a job failed or was lost while the deployment was in stage full';
    const outcome = await runResume(world.options(), 'production', first?.deployment ?? '', 'revert', why);
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4, why });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });
});

describe('names of phases', () => {
  it('are phases and the stages of the stack; a stage named like a phase does not hide it', () => {
    const app = { stages: [...testApp().stages, { name: 'deploy', traffic: 100, bake: 1 }] };
    expect(untilNames(app)).toEqual(expect.arrayContaining(['preflight', 'smoke', 'canary', 'full']));
    expect(readUntil('canary', app)).toEqual({ stage: 'canary' });
    expect(readUntil('deploy', app)).toEqual({ phase: 'deploy' });
    expect(readUntil('Canary', app)).toBeUndefined();
  });

  it('a state that went wrong is past no phase until it is written down', async () => {
    const world = await new World(SHORT).withV1();
    const { state } = await world.deploy('v2.0.0', { until: { phase: 'deploy' } });
    const failed = { ...state, phase: { name: 'record', status: 'rolled_back' } as const };
    expect(isPast(failed, { phase: 'preflight' })).toBe(false);
    expect(isPast({ ...failed, phase: { name: 'record', status: 'success' } }, { phase: 'smoke' })).toBe(
      true,
    );
  });
});
