import { describe, expect, it } from 'vitest';
import { poisson, seeded, someOf, type Random } from '../../../../lib/random.ts';
import { gate } from '../../../../release/core/gate/gate.ts';
import { historyLimit } from '../../../../release/core/gate/holdback.ts';
import type { GateState } from '../../../../release/core/gate/types.ts';
import { referenceOf } from '../../../../release/core/gate/window.ts';
import { at, baseline, restarted, SETTINGS, windowOf } from './support.ts';

const LAST = { share: 95, last: true, bake: 3_600_000 };

const opened = (rps: number): GateState =>
  gate.enter(
    gate.open(
      { ...SETTINGS, holdback: 5, warmup: 0 },
      ['auth'],
      { auth: baseline(rps, 0.001) },
      { share: 50 },
    ),
    at(0, LAST),
  );

/** Windows of 10 s at 95 % until the gate fails; undefined if it does not within `many`. */
const failsAfter = (
  random: Random,
  rps: number,
  many: number,
  rate: (k: number) => readonly [fresh: number, stable: number],
): number | undefined => {
  let state = opened(rps);
  for (let k = 0; k < many; k += 1) {
    const nc = poisson(random, rps * 9.5);
    const ns = poisson(random, rps * 0.5);
    const [fresh, stable] = rate(k);
    state = gate.observe(state, [
      windowOf(k, [nc, someOf(random, nc, fresh)], [ns, someOf(random, ns, stable)]),
    ]);
    if (gate.judge(state, at((k + 1) * 10_000, LAST)).verdict === 'fail') return (k + 1) * 10;
  }
  return undefined;
};

describe('the holdback', () => {
  it('sees a total failure that starts at 95 % within a minute, where the share of errors hardly moves', () => {
    const random = seeded(1);
    const times = Array.from({ length: 20 }, () => failsAfter(random, 100, 30, () => [1, 0.001]) ?? 1e9);
    expect(Math.max(...times)).toBeLessThanOrEqual(60);
  });

  it('does not send a release back for a dependency that fails for both versions', () => {
    const random = seeded(2);
    for (const rps of [20, 100])
      for (let run = 0; run < 15; run += 1)
        expect(failsAfter(random, rps, 60, (k) => (k < 20 ? [0.001, 0.001] : [0.3, 0.3]))).toBeUndefined();
  });

  it('adds no lane below 20 requests a second', () => {
    const state = (rps: number): string => JSON.stringify(opened(rps));
    expect(state(19)).toContain('"hold":null');
    expect(state(20)).not.toContain('"hold":null');
  });

  it('survives a restart bit for bit', () => {
    const random = seeded(3);
    let straight = opened(100);
    let interrupted = straight;
    for (let k = 0; k < 80; k += 1) {
      const window = windowOf(k, [950, poisson(random, 2)], [50, poisson(random, 0.2)]);
      straight = gate.observe(straight, [window]);
      interrupted = gate.observe(restarted(interrupted), [window]);
    }
    expect(JSON.stringify(interrupted)).toBe(JSON.stringify(straight));
  });

  it('knows a limit above the past rate, wider after a past with clusters', () => {
    const calm = { ...baseline(100, 0.001), errorWindows: Array.from({ length: 360 }, () => 1) };
    const rough = { ...calm, errorWindows: calm.errorWindows.map((_, k) => (k % 60 === 0 ? 60 : 0)) };
    const limit = (past: typeof calm): number => historyLimit(past, referenceOf(past.errorWindows)) ?? 0;
    expect(limit(calm)).toBeGreaterThan(0.001);
    expect(limit(calm)).toBeLessThan(0.0013);
    expect(limit(rough)).toBeGreaterThan(1.5 * limit(calm));
    expect(historyLimit({ ...calm, requests: 0 }, undefined)).toBeNull();
  });
});
