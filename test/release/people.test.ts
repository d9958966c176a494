import { describe, expect, it } from 'vitest';
import { controlStore } from '../../release/adapters/control.ts';
import type { View } from '../../release/core/engine/view.ts';
import { createOperator, type RunOptions } from '../../release/runner.ts';
import type { OperatorCommand } from '../../release/core/engine/effects.ts';
import { World } from '../support/world.ts';

/** Does something once, as soon as the view fits. */
const when = (fits: (view: View) => boolean, act: (view: View) => void): Pick<RunOptions, 'onView'> => {
  let done = false;
  return {
    onView: (view) => {
      if (done || !fits(view)) return;
      done = true;
      act(view);
    },
  };
};

const baking = (stage: string) => (v: View) => v.stage?.name === stage && v.bakeLeft !== undefined;

/** From a second machine: a small object in the bucket. */
const say = (world: World, view: View, command: OperatorCommand['command'], by = 'grace'): void => {
  const control = controlStore(world.stores.lease, 'production');
  void control.say(view.deployment, { command, by, why: 'I looked', at: world.clock.now() });
};

describe('people speak to a running release, from any machine', () => {
  it('abort: traffic back at once, with who and why in the record', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy(
      'v2.0.0',
      when(baking('progressive'), (v) => say(world, v, 'abort')),
    );
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4, why: 'aborted by grace: I looked' });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.record(outcome.deployment)?.rollout_stages.map((s) => s.status)).toEqual([
      'healthy',
      'aborted',
    ]);
  });

  it('promote: the bake ends now, and the record says who ended it', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy(
      'v2.0.0',
      when(baking('canary'), (v) => say(world, v, 'promote')),
    );
    expect(outcome.result).toBe('success');
    const canary = world.record(outcome.deployment)?.rollout_stages[0];
    expect(canary).toMatchObject({ status: 'healthy', promoted_by: 'grace' });
    expect(canary?.duration_minutes).toBeLessThan(1);
  });

  it('pause: the stage is held past its bake, still watched, until promote', async () => {
    const world = await new World().withV1();
    let paused = false;
    const outcome = await world.deploy('v2.0.0', {
      onView: (view) => {
        if (!paused && baking('canary')(view)) {
          paused = true;
          say(world, view, 'pause');
        }
        const start = view.startedAt + 20 * 60_000;
        if (paused && view.paused !== undefined && view.at > start) say(world, view, 'promote', 'lin');
      },
    });
    expect(outcome.result).toBe('success');
    expect(world.record(outcome.deployment)?.rollout_stages[0]?.duration_minutes).toBeGreaterThanOrEqual(19);
  });

  it('pause does not keep a bad version: what fails while paused goes back', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0', {
      ...when(baking('canary'), (v) => {
        say(world, v, 'pause');
        world.cloud.behaviours.set('v2.0.0', { errorRate: 0.5 });
      }),
    });
    expect(outcome.result).toBe('rolled_back');
  });

  it('pause before the first stage: no traffic until promote', async () => {
    const world = await new World().withV1();
    const before = world.cloud.trace.length;
    const outcome = await world.deploy('v2.0.0', {
      onView: (view) => {
        if (view.phase === 'backup') say(world, view, 'pause');
        if (view.phase === 'hold') {
          expect(world.cloud.trace.length).toBe(before);
          say(world, view, 'promote');
        }
      },
    });
    expect(outcome.result).toBe('success');
  });

  it('approve: waits before anything changes, takes only reviewers, and records the approver', async () => {
    const { approval } = new World().app;
    const world = await new World().withV1();
    Object.assign(world.app, { approval: { ...approval, when: 'first', reviewers: ['grace'] } });
    const updates = world.cloud.updates;
    const outcome = await world.deploy('v2.0.0', {
      ...when(
        (v) => v.phase === 'approval',
        (v) => {
          expect(world.cloud.updates).toBe(updates);
          say(world, v, 'approve', 'mallory');
          world.clock.sleep(60_000).then(
            () => say(world, v, 'approve', 'grace'),
            () => undefined,
          );
        },
      ),
    });
    expect(outcome.result).toBe('success');
    expect(world.record(outcome.deployment)?.change.approver).toBe('grace');
    expect(
      world
        .record(outcome.deployment)
        ?.timeline.map((e) => e.what)
        .join(),
    ).toContain('mallory is not among');
    expect(world.heard.messages.map((m) => m.event)).toContain('approval');
  });

  it('no approval in time means no', async () => {
    const { approval } = new World().app;
    const world = await new World().withV1();
    Object.assign(world.app, { approval: { ...approval, when: 'first', timeout: 600_000 } });
    const updates = world.cloud.updates;
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({
      result: 'refused',
      exit: 3,
      why: 'nobody approved in time, which means no',
    });
    expect(world.record(outcome.deployment)).toMatchObject({ status: 'failed', services_deployed: [] });
    expect(world.cloud.updates).toBe(updates);
  });

  it('ctrl-c with rollback: traffic back on v1', async () => {
    const world = await new World().withV1();
    const operator = createOperator();
    const outcome = await world.deploy('v2.0.0', {
      operator,
      ...when(baking('canary'), () => operator.say({ command: 'interrupt', by: 'ada', choice: 'rollback' })),
    });
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });

  it('ctrl-c with leave: stays as it is, and the next deploy --resume goes on at once', async () => {
    const world = await new World().withV1();
    const operator = createOperator();
    const left = await world.deploy('v2.0.0', {
      operator,
      ...when(baking('canary'), () => operator.say({ command: 'interrupt', by: 'ada', choice: 'leave' })),
    });
    expect(left).toMatchObject({ result: 'left', exit: 5 });
    expect(world.serving()).toEqual({ 'v1.0.0': 95, 'v2.0.0': 5 });
    const before = world.clock.now();
    const resumed = await world.resume(left.deployment);
    expect(resumed.result).toBe('success');
    const entry = resumed.state.timeline.find((e) => e.what.startsWith('taken up again'));
    expect((entry?.at ?? Infinity) - before).toBeLessThan(1000);
  });

  it('an abort while an update runs stops it first, then goes back', async () => {
    const world = await new World().withV1();
    world.cloud.hangs = (r) => r.traffic.green === 50;
    const outcome = await world.deploy('v2.0.0', {
      ...when(
        (v) => v.stage?.name === 'progressive',
        (v) => say(world, v, 'abort'),
      ),
    });
    expect(outcome.result).toBe('rolled_back');
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.cloud.broken).toEqual([]);
  });
});

describe('phases across jobs', () => {
  it('one deployment in five jobs, each a fresh runner, ends like one run', async () => {
    const world = await new World().withV1();
    const request = world.request('v2.0.0');
    let outcome = await world.deploy('v2.0.0', { until: { phase: 'preflight' } }, request);
    for (const until of ['backup', 'migrate', 'deploy', 'rollout'] as const) {
      expect(outcome).toMatchObject({ result: 'handedOn', exit: 0 });
      // Another deployment cannot slip in between two jobs that hold the lease.
      if (until !== 'backup') expect((await world.deploy('v3.0.0')).result).toBe('refused');
      outcome = await world.resume(request.deployment, 'continue', { until: { phase: until } });
    }
    expect((await world.resume(request.deployment)).result).toBe('success');
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });
});
