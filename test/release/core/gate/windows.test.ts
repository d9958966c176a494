import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../../lib/random.ts';
import { gate } from '../../../../release/core/gate/gate.ts';
import type { GateState } from '../../../../release/core/gate/types.ts';
import type { MetricWindow } from '../../../../release/ports/metrics.ts';
import { at, baseline, restarted, SETTINGS, traffic, windowOf } from './support.ts';

const opened = (services: readonly string[] = ['auth']): GateState =>
  gate.enter(
    gate.open(SETTINGS, services, Object.fromEntries(services.map((name) => [name, baseline(100, 0.001)]))),
    at(0),
  );

const some = (many: number, fresh = 0.02): MetricWindow[] => {
  const random = seeded(7);
  return Array.from({ length: many }, (_, k) =>
    traffic(random, k, { rps: 100, share: 5, fresh, stable: 0.001 }),
  );
};

const NOTE = 'windows left out: ';
const note = (state: GateState): string =>
  (gate.judge(state, at(100_000)).evidence[0]?.note ?? '').replace(NOTE, '');

describe('windows', () => {
  it('change nothing when added twice, in any mixture of calls', () => {
    const windows = some(20);
    const once = gate.observe(opened(), windows);
    expect(gate.observe(once, windows)).toBe(once);
    expect(gate.observe(once, windows.slice(3, 5))).toBe(once);
    expect(gate.observe(opened(), [...windows, ...windows]).services).toEqual(once.services);
  });

  it('give the same state in any order within a call, and in any division into calls when in order', () => {
    const windows = some(24);
    const once = gate.observe(opened(), windows);
    const verdict = (state: GateState) => ({ ...gate.judge(state, at(240_000)), look: undefined });
    fc.assert(
      fc.property(fc.shuffledSubarray(windows, { minLength: 24 }), fc.nat(24), (shuffled, cut) => {
        expect(gate.observe(opened(), shuffled)).toEqual(once);
        const halves = gate.observe(gate.observe(opened(), windows.slice(0, cut)), windows.slice(cut));
        expect(halves.services).toEqual(once.services);
        expect(verdict(halves)).toEqual(verdict(once));
      }),
      { numRuns: 60 },
    );
  });

  it('survive a restart after every call bit for bit', () => {
    let straight = opened();
    let interrupted = opened();
    for (const window of some(30)) {
      straight = gate.observe(straight, [window]);
      interrupted = gate.observe(restarted(interrupted), [window]);
      expect(JSON.stringify(interrupted)).toBe(JSON.stringify(straight));
    }
    expect(gate.judge(restarted(straight), at(300_000))).toEqual(gate.judge(straight, at(300_000)));
  });

  it('never change a state in place', () => {
    const state = gate.observe(opened(), some(5));
    const before = JSON.stringify(state);
    gate.observe(state, some(12));
    gate.enter(state, at(50_000, { index: 1, startedAt: 50_000, share: 50 }));
    gate.judge(state, at(60_000));
    expect(JSON.stringify(state)).toBe(before);
  });

  it('that come late take their place until two later ones have closed', () => {
    const windows = some(8);
    const straight = gate.observe(opened(), windows);
    const [a, b, c, d, e, ...rest] = windows;
    if (!a || !b || !c || !d || !e) throw new Error('eight windows are needed');
    let late = gate.observe(opened(), [a, c]);
    expect(gate.cursor(late)).toBe(b.from);
    late = gate.observe(late, [b]);
    late = gate.observe(late, [d]);
    late = gate.observe(late, [e, ...rest]);
    expect(late.services).toEqual(straight.services);
  });

  it('that come too late are left out, counted and said; and only once', () => {
    const [a, b, c, d, e, f] = some(6);
    if (!a || !b || !c || !d || !e || !f) throw new Error('six windows are needed');
    let state = gate.observe(opened(), [a, c, d, e]);
    expect(gate.cursor(state)).toBe(f.from);
    expect(note(state)).toContain('1 missing');
    state = gate.observe(state, [b, f]);
    expect(note(state)).toContain('1 came too late');
    expect(note(state)).not.toContain('missing');
    expect(gate.observe(state, [b])).toBe(state);
  });

  it('of one service are waited for, however far the others are, and then taken in order', () => {
    const straight = gate.observe(opened(['auth', 'education']), [
      ...some(6),
      ...some(6).map((window) => ({ ...window, service: 'education' })),
    ]);
    let state = gate.observe(opened(['auth', 'education']), some(6));
    expect(gate.cursor(state)).toBe(0);
    for (const window of some(6)) state = gate.observe(state, [{ ...window, service: 'education' }]);
    expect(gate.cursor(state)).toBe(60_000);
    expect(state.services).toEqual(straight.services);
  });

  it('of a source that was away for a year cost no time', () => {
    const far = windowOf(3_153_600, [5, 0], [95, 0]);
    const state = gate.observe(gate.observe(opened(), some(3)), [far]);
    expect(gate.cursor(state)).toBe(far.from - 10_000);
    expect(JSON.stringify(state).length).toBeLessThan(6000);
  });

  it('before the first stage, of unknown services and of the past are not of interest', () => {
    const closed = gate.open({ ...SETTINGS, window: 10_000 }, ['auth'], {});
    expect(gate.observe(closed, some(3))).toBe(closed);
    const state = gate.enter(closed, at(600_000, { startedAt: 600_000 }));
    expect(gate.observe(state, some(3))).toBe(state);
    expect(gate.observe(state, [windowOf(60, [1, 0], [9, 0], { service: 'other', width: 10_000 })])).toBe(
      state,
    );
  });

  it('of another width or with impossible counts are a bug of the caller', () => {
    expect(() => gate.observe(opened(), [windowOf(0, [1, 0], [9, 0], { width: 7000 })])).toThrow(
      /multiple of 10000/,
    );
    expect(() => gate.observe(opened(), [windowOf(0, [NaN, 0], [9, 0])])).toThrow(/count of NaN/);
    expect(() => gate.observe(opened(), [windowOf(0, [1, -1], [9, 0])])).toThrow(/count of -1/);
  });

  it('of the warm-up and those in which the share changes are left out of the tests', () => {
    let state = gate.enter(
      gate.open({ ...SETTINGS, warmup: 15_000 }, ['auth'], { auth: baseline(100, 0) }),
      at(0),
    );
    state = gate.observe(state, [windowOf(0, [50, 50], [950, 0]), windowOf(1, [50, 50], [950, 0])]);
    state = gate.observe(state, [windowOf(2, [50, 0], [950, 0])]);
    state = gate.enter(state, at(34_000, { index: 1, startedAt: 34_000, share: 50 }));
    state = gate.observe(state, [windowOf(3, [300, 300], [700, 0]), windowOf(4, [500, 0], [500, 0])]);
    const [evidence] = gate.judge(state, at(50_000)).evidence;
    expect(evidence?.fresh).toEqual({ requests: 550, bad: 0 });
    expect(evidence?.note).toBe('windows left out: 2 warm-up; 1 in which the share changed');
  });
});

describe('the width of windows', () => {
  const width = (rps: number, share: number, window?: number): number =>
    gate.width(gate.open({ ...SETTINGS, window }, ['auth'], { auth: baseline(rps, 0) }, { share }));

  it('is the time for three requests of the new version, 10 to 60 s', () => {
    expect([width(1000, 5), width(6, 5), width(3, 5), width(2, 5), width(1, 5), width(0, 5)]).toEqual([
      10_000, 10_000, 20_000, 30_000, 60_000, 60_000,
    ]);
  });

  it('is as configured, below 10 s too', () => {
    expect([width(1, 5, 1000), width(1000, 5, 30_000), width(1, 50, 500)]).toEqual([1000, 30_000, 500]);
  });

  it('joins past windows to its own width before it looks for clusters', () => {
    const past = {
      ...baseline(1, 0),
      errorWindows: Array.from({ length: 360 }, (_, k) => (k % 6 < 3 ? 4 : 0)),
    };
    const state = gate.open(SETTINGS, ['auth'], { auth: past }, { share: 5 });
    const constant = { ...past, errorWindows: past.errorWindows.map((_, k) => (k === 100 ? 90 : 0)) };
    const cluster = (s: GateState): unknown =>
      JSON.parse(JSON.stringify(s)).terms.services.auth.errors.cluster;
    expect(cluster(state)).toBe(5);
    expect(cluster(gate.open(SETTINGS, ['auth'], { auth: constant }, { share: 5 }))).toBeCloseTo(
      90 - 1.5 - 4 * Math.sqrt(1.5),
      9,
    );
  });
});
