import { describe, expect, it } from 'vitest';
import { controlStore } from '../../release/adapters/control.ts';
import { leaseStore } from '../../release/adapters/lease.ts';
import type { View } from '../../release/core/engine/view.ts';
import { killAt, Killed, World } from '../support/world.ts';

const baking = (stage: string) => (v: View) => v.stage?.name === stage && v.bakeLeft !== undefined;

const once = (fits: (v: View) => boolean, act: (v: View) => void): ((v: View) => void) => {
  let done = false;
  return (view) => {
    if (done || !fits(view)) return;
    done = true;
    act(view);
  };
};

describe('one release of an environment at a time', () => {
  it('two deploys at the same instant, many times: exactly one goes on, the other is told who runs', async () => {
    for (let i = 0; i < 10; i += 1) {
      const world = await new World().withV1();
      Object.assign(world.app, { stages: [{ name: 'full', traffic: 100, bake: 0 }] });
      const outcomes = await Promise.all([world.deploy('v2.0.0'), world.deploy('v2.0.1', {}, { by: 'lin' })]);
      expect(outcomes.map((o) => o.result).sort()).toEqual(['refused', 'success']);
      const loser = outcomes.find((o) => o.result === 'refused');
      expect(loser?.why).toMatch(/holds production|is under way/);
      expect(world.cloud.broken).toEqual([]);
    }
  });

  it('two runners with the same deployment id: one begins, the other is refused', async () => {
    const world = await new World().withV1();
    const request = world.request('v2.0.0');
    const settled = await Promise.allSettled([
      world.deploy('v2.0.0', {}, request),
      world.deploy('v2.0.0', {}, request),
    ]);
    expect(settled.map((s) => s.status).sort()).toEqual(['fulfilled', 'rejected']);
    const lost = settled.find((s) => s.status === 'rejected');
    expect(String(lost?.reason)).toContain('has begun already');
  });

  it('a second release while one runs is refused with who, since when and what to do', async () => {
    const world = await new World().withV1();
    let second: ReturnType<World['deploy']> | undefined;
    const first = await world.deploy('v2.0.0', {
      onView: once(baking('canary'), () => {
        second = world.deploy('v3.0.0', {}, { by: 'lin' });
      }),
    });
    expect(first.result).toBe('success');
    const refusal = await second;
    expect(refusal).toMatchObject({ result: 'refused', exit: 3 });
    expect(refusal?.why).toContain(
      `deployment ${first.deployment} (v2.0.0 by ada) is under way in production since`,
    );
    expect(refusal?.hint).toContain('sluice abort');
  });

  it('a killed runner still holds the environment: refused with how to resume', async () => {
    const world = await new World().withV1();
    await expect(world.deploy('v2.0.0', { hooks: killAt(8, 'after') })).rejects.toThrow(Killed);
    world.clock.jump(86_400_000);
    const next = await world.deploy('v3.0.0');
    expect(next.result).toBe('refused');
    expect(next.why).toContain('its runner is gone');
    expect(next.hint).toContain('sluice deploy --resume');
  });

  it('a lease taken by an emergency rollback: the first runner starts nothing more', async () => {
    const world = await new World().withV1();
    let rollback: ReturnType<World['rollback']> | undefined;
    const late: string[] = [];
    let taken = false;
    const first = await world.deploy('v2.0.0', {
      hooks: {
        before: (effect) => {
          if (taken && ['update', 'weights', 'build', 'restore'].includes(effect.kind))
            late.push(effect.kind);
        },
      },
      onView: once(baking('canary'), () => {
        rollback = world.rollback({ mode: 'emergency' }, { onView: (v) => (taken ||= v.phase === 'revert') });
      }),
    });
    const second = await rollback;
    expect(second).toMatchObject({ result: 'success', exit: 0 });
    expect(first.result).toBe('superseded');
    expect(late).toEqual([]);
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.agrees()).toBe(true);
    expect(world.record(first.deployment)?.status).toBe('rolled_back');
  });

  it('a runner that wakes after its lease was taken starts no further effect', async () => {
    const world = await new World().withV1();
    const begun: string[] = [];
    let asleep = false;
    const other = { format: 1, deployment: '1700009999-eeeeeeeeeeee', holder: 'x', token: 'x', serial: 99 };
    const outcome = await world.deploy('v2.0.0', {
      hooks: { before: (effect) => asleep && begun.push(effect.kind) },
      onView: once(
        (v) => v.stage?.name === 'canary',
        () => {
          asleep = true;
          world.clock.jump(3_600_000);
          const now = world.clock.now();
          const lease = { ...other, takenAt: now, expiresAt: now + 60_000, handedOn: false };
          world.stores.lease.objects.set('leases/production.json', {
            body: JSON.stringify(lease),
            etag: '"x"',
          });
        },
      ),
    });
    expect(outcome).toMatchObject({ result: 'superseded', exit: 5 });
    expect(begun).toEqual([]);
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });

  it('approved after another release went through, or was left open: refused, for what was checked is gone', async () => {
    for (const meanwhile of ['finished', 'killed'] as const) {
      const world = await new World().withV1();
      const approval = { ...world.app.approval, when: 'first' as const };
      const waiting = { ...world.app, approval };
      let other: Promise<unknown> | undefined;
      const outcome = await world.deploy('v2.0.0', {
        app: waiting,
        onView: once(
          (v) => v.phase === 'approval',
          (v) => {
            const hooks = meanwhile === 'killed' ? killAt(8, 'after') : {};
            other = world.deploy('v3.0.0', { hooks }).catch((error: unknown) => {
              if (!(error instanceof Killed)) throw error;
            });
            const control = controlStore(world.stores.lease, 'production');
            const said = { command: 'approve', by: 'grace', why: '', at: 0 } as const;
            void other.then(() => world.clock.sleep(120_000)).then(() => control.say(v.deployment, said));
          },
        ),
      });
      await other;
      expect(['refused', 'failed']).toContain(outcome.result);
      expect(outcome.why).toMatch(meanwhile === 'killed' ? /holds production/ : /went from serial/);
      expect(world.cloud.outputs?.release?.slots.green?.version).not.toBe('v2.0.0');
    }
  });

  it('a runner that slept while its deployment was resumed elsewhere does nothing more', async () => {
    const world = await new World().withV1();
    const request = world.request('v2.0.0');
    let resumed: ReturnType<World['resume']> | undefined;
    const leases = leaseStore(world.stores.lease, 'production', world.clock);
    const first = await world.deploy(
      'v2.0.0',
      {
        onView: once(baking('canary'), () => {
          // The machine sleeps: from outside its lease has run out.
          world.clock.jump(3_600_000);
          resumed = world.resume(request.deployment);
        }),
      },
      request,
    );
    expect(await resumed).toMatchObject({ result: 'success' });
    expect(first.result).toBe('superseded');
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect(world.cloud.broken).toEqual([]);
    expect((await leases.read())?.deployment).toBe(request.deployment);
  });

  it('lease and journal out of reach for a minute: the release waits and goes on', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0', {
      onView: once(baking('canary'), () => {
        world.stores.lease.down = true;
        void world.clock.sleep(60_000).then(() => (world.stores.lease.down = false));
      }),
    });
    expect(outcome.result).toBe('success');
    expect(world.agrees()).toBe(true);
  });

  it('the record bucket out of reach at the end: written as soon as it answers', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0', {
      onView: once(
        (v) => v.phase === 'smoke',
        () => {
          world.stores.record.down = true;
          void world.clock.sleep(40_000).then(() => (world.stores.record.down = false));
        },
      ),
    });
    expect(outcome.result).toBe('success');
    expect(world.record(outcome.deployment)?.status).toBe('success');
  });

  it('a journal that cannot be written for long: nothing more is done, a person is called, resume works', async () => {
    const world = await new World().withV1();
    const request = world.request('v2.0.0');
    await expect(
      world.deploy(
        'v2.0.0',
        { onView: once(baking('canary'), () => (world.stores.lease.down = true)) },
        request,
      ),
    ).rejects.toMatchObject({ exit: 5 });
    expect(world.serving()).toEqual({ 'v1.0.0': 95, 'v2.0.0': 5 });
    world.stores.lease.down = false;
    expect((await world.resume(request.deployment)).result).toBe('success');
  });

  it('a damaged journal: one clear error, nothing changed', async () => {
    const world = await new World().withV1();
    await expect(world.deploy('v2.0.0', { hooks: killAt(8, 'after') })).rejects.toThrow(Killed);
    const key = [...world.stores.lease.objects.keys()].filter((k) => k.startsWith('journals/')).at(-1) ?? '';
    await world.stores.lease.put(key, '{"format":1,"kind"');
    const updates = world.cloud.updates;
    const id = key.replace('journals/production/', '').replace('.json', '');
    await expect(world.resume(id)).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining(key) as string,
    });
    expect(await world.deploy('v3.0.0')).toMatchObject({ result: 'refused', exit: 3 });
    expect(world.cloud.updates).toBe(updates);
  });
});

describe('traffic moved behind the stack’s back', () => {
  it('in the middle of a bake: halts, shows it, and goes on after it was put right', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0', {
      onView: once(baking('canary'), () => world.cloud.byHand({ blue: 50, green: 50 })),
    });
    expect(outcome).toMatchObject({ result: 'halted', exit: 5 });
    expect(outcome.why).toContain('api: live blue 50 % / green 50 %, should be blue 95 % / green 5 %');
    expect(outcome.hint).toContain('sluice reconcile');
    expect(world.serving()).toEqual({ 'v1.0.0': 50, 'v2.0.0': 50 });

    const again = await world.resume(outcome.deployment);
    expect(again.result).toBe('halted');

    world.cloud.byHand({ blue: 95, green: 5 });
    const last = await world.resume(outcome.deployment);
    expect(last.result).toBe('success');
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });

  it('halted, then aborted: everything back', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0', {
      onView: once(baking('canary'), () => world.cloud.byHand({ blue: 0, green: 100 })),
    });
    const reverted = await world.resume(outcome.deployment, 'revert');
    expect(reverted.result).toBe('rolled_back');
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.agrees()).toBe(true);
  });

  it('an update that a kill cut in half is finished by the next runner', async () => {
    const world = await new World().withV1();
    const request = world.request('v2.0.0');
    world.cloud.updateFault = (r) => (r.traffic.green === 50 ? 'half' : undefined);
    const hooks = {
      after: (effect: { kind: string }) => {
        const half = world.cloud.trace.at(-1)?.weights['arn:group/api/green'] === 50;
        if (effect.kind === 'update' && half) throw new Killed('in the middle of an update');
      },
    };
    await expect(world.deploy('v2.0.0', { hooks }, request)).rejects.toThrow(Killed);
    expect(world.agrees()).toBe(false);
    world.cloud.updateFault = undefined;
    expect((await world.resume(request.deployment)).result).toBe('success');
    expect(world.agrees()).toBe(true);
  });
});
