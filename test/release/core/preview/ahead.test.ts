import { describe, expect, it } from 'vitest';
import type { State } from '../../../../release/core/engine/types.ts';
import { aheadOf, wholeRelease } from '../../../../release/core/preview/ahead.ts';
import { applyStep, plan } from '../../../../release/core/plan.ts';
import { World } from '../../../support/world.ts';
import { D2, D3, live, slot } from '../../../support/releases.ts';

/** The state of a release at the moments when `at` says so, as its journal has it. */
const statesOf = async (at: (s: State) => boolean): Promise<State[]> => {
  const world = await new World().withV1();
  const seen: State[] = [];
  const remember = (): void => {
    for (const [key, { body }] of world.stores.lease.objects) {
      if (!key.startsWith('journals/')) continue;
      const state = JSON.parse(body) as State;
      if (state.request.version === 'v2.0.0' && at(state)) seen.push(state);
    }
  };
  await world.deploy('v2.0.0', { onView: remember });
  return seen;
};

describe('what lies ahead of an open deployment', () => {
  it('while the canary bakes: the next stage at its share, and all traffic back', async () => {
    const [state] = await statesOf((s) => s.phase.name === 'stage' && s.phase.part === 'bake');
    if (state?.current === undefined) throw new Error('no canary');
    const { next, back } = aheadOf(state, state.current);
    expect(next?.stage.name).toBe('progressive');
    expect(next?.release).toMatchObject({
      serial: state.current.serial + 1,
      replaces: state.current.serial,
      traffic: { blue: 50, green: 50 },
    });
    expect(back).toMatchObject({ replaces: state.current.serial, traffic: { blue: 100, green: 0 } });
    expect(Object.keys(back?.slots ?? {})).toEqual(['blue']);
  });

  it('before the new slot is up: no stage yet, and nothing to take back', async () => {
    const [state] = await statesOf((s) => s.phase.name === 'backup');
    if (state?.current === undefined) throw new Error('no backup');
    expect(aheadOf(state, state.current)).toEqual({ next: undefined, back: undefined });
  });

  it('after the last stage: only the way back', async () => {
    const [state] = await statesOf((s) => s.phase.name === 'smoke');
    if (state?.current === undefined) throw new Error('no smoke tests');
    const { next, back } = aheadOf(state, state.current);
    expect(next).toBeUndefined();
    expect(back?.traffic).toEqual({ blue: 100, green: 0 });
  });
});

describe('a whole release in one configuration', () => {
  it('is what the last step of the plan leaves', () => {
    const target = slot('v2.0.0', D3, ['api', 'auth'], 2);
    const { stages, database } = new World().app;
    const current = live({ slots: { ...live().slots, green: slot('v0.9.0', D2) } });
    const last = plan(target, current, { stages, database, build: false }).at(-1)?.release;
    const whole = wholeRelease(current, target, database);
    expect({ ...whole, serial: 0, replaces: 0 }).toEqual({ ...last, serial: 0, replaces: 0 });
    expect(whole.replaces).toBe(current.serial);
  });

  it('of a stack that has none yet is its first', () => {
    const whole = wholeRelease(undefined, slot('v1.0.0', D2), undefined);
    expect(whole).toMatchObject({ serial: 0, replaces: null, traffic: { blue: 100, green: 0 } });
    const step = { kind: 'up' as const, name: 'up' };
    const up = applyStep(step, undefined, { deployment: D2, target: slot('v1.0.0', D2), version: 'v1.0.0' });
    expect(whole.slots).toEqual(up.slots);
  });
});
