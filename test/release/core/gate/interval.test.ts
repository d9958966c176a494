import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poisson, seeded } from '../../../../lib/random.ts';
import { addWindow, openErrorTest, type ErrorTestState } from '../../../../release/core/gate/errors.ts';
import { ratioInterval, ratioOf, ratesOf } from '../../../../release/core/gate/interval.ts';

const test = (windows: readonly (readonly [number, number, number, number])[]): ErrorTestState => {
  const state = openErrorTest({ alpha: 0.01, r0: 1.5, burstMs: 1e4, windowMs: 1e4, atLeastPerMinute: 1 });
  for (const window of windows) addWindow(state, ...window);
  return state;
};

/** ln of the Beta(1/2, 1/2) mixture's likelihood for x of n, by its own recurrence: one error after the other. */
const mixture = (fresh: number, stable: number): number => {
  let log = 0;
  for (let k = 0; k < fresh; k += 1) log += Math.log((k + 0.5) / (k + 1));
  for (let k = 0; k < stable; k += 1) log += Math.log((k + 0.5) / (fresh + k + 1));
  return log;
};

describe('the interval of the ratio', () => {
  it('ends where the mixture is twenty times as likely', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 1, max: 200 }), (fresh, stable) => {
        const state = test([[1000, fresh, 19_000, stable]]);
        const interval = ratioInterval(state);
        if (interval === undefined)
          throw new Error('an interval is expected where the stable version has errors');
        const base = mixture(fresh, stable);
        for (const end of interval) {
          if (end === 0) continue;
          const odds = (end * 1000) / 19_000;
          const likelihood = fresh * Math.log(odds / (1 + odds)) - stable * Math.log1p(odds);
          expect(base - likelihood).toBeCloseTo(Math.log(20), 5);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('holds the true ratio at every look of 95 in 100 releases at least', () => {
    const random = seeded(5);
    let missed = 0;
    for (let run = 0; run < 400; run += 1) {
      const state = test([]);
      let out = false;
      for (let k = 0; k < 120 && !out; k += 1) {
        addWindow(state, 100, poisson(random, 1), 900, poisson(random, 3));
        const interval = ratioInterval(state);
        out = interval !== undefined && (interval[0] > 3 || interval[1] < 3);
      }
      if (out) missed += 1;
    }
    expect(missed).toBeLessThanOrEqual(20);
  });

  it('is there from one error of the stable version to a billion, and narrows', () => {
    expect(ratioInterval(test([[1e9, 0, 1e9, 0]]))).toBeUndefined();
    expect(ratioInterval(test([[50, 3, 0, 0]]))).toBeUndefined();
    const [low, high] = ratioInterval(test([[1e9, 2e8, 1e9, 1e8]])) ?? [0, 0];
    expect(low).toBeGreaterThan(1.998);
    expect(high).toBeLessThan(2.002);
    expect(ratioInterval(test([[50, 0, 950, 1]]))?.[0]).toBe(0);
  });

  it('and the ratio compare windows with themselves when the share changes', () => {
    const state = test([
      [50, 1, 950, 19],
      [500, 100, 500, 100],
    ]);
    expect(ratioOf(state)).toBeCloseTo(1, 12);
    expect(ratesOf(state)?.fresh).toBeCloseTo(ratesOf(state)?.stable ?? 0, 12);
  });
});
