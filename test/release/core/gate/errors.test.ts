import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addWindow,
  clusterSize,
  eValue,
  excessPerMinute,
  fails,
  isEnough,
  openErrorTest,
  passWindows,
  skipGap,
  type ErrorTestState,
} from '../../../../release/core/gate/errors.ts';

type Window = readonly [nc: number, xc: number, ns: number, xs: number];

const open = (change: Partial<Parameters<typeof openErrorTest>[0]> = {}): ErrorTestState =>
  openErrorTest({ alpha: 0.01, r0: 1.5, burstMs: 10_000, windowMs: 10_000, atLeastPerMinute: 1, ...change });

const after = (windows: readonly Window[], state = open()): ErrorTestState => {
  for (const window of windows) addWindow(state, ...window);
  return state;
};

/** The test once more, slowly and straight from its definition: products over the whole history. */
const slowly = (windows: readonly Window[], r0: number, gap: number, cluster: number): number => {
  const counted: Window[] = [];
  let left = 0;
  for (const window of windows) {
    if (left > 0) left -= 1;
    else if (tells(window)) {
      counted.push(window);
      if (window[1] > 0) left = gap;
    }
  }
  const long: Window[] = [];
  for (let k = 0; k + 6 <= windows.length; k += 6)
    long.push(
      windows
        .slice(k, k + 6)
        .reduce(([a, b, c, d], [nc, xc, ns, xs]): Window => [a + nc, b + xc, c + ns, d + xs], [0, 0, 0, 0]),
    );
  const share = bets(counted, r0, [1, 0.8, 0.5, 0.25], [0.4, 0.25, 0.2, 0.15]);
  const slow = bets(long.filter(tells), r0, [1, 0.7, 0.4, 0.2], [0.4, 0.2, 0.2, 0.2]);
  let count = 0;
  for (let k = 0; k < 8; k += 1)
    count += Math.exp(counts(windows, r0, 1.3 * (20 / 1.3) ** (k / 7), cluster)) / 8;
  return Math.max(0.75 * share, 0.1 * slow, 0.15 * count);
};

const tells = ([nc, xc, ns, xs]: Window): boolean => nc > 0 && ns > 0 && xc + xs > 0;

const bets = (
  windows: readonly Window[],
  r0: number,
  stakes: readonly number[],
  weights: readonly number[],
): number =>
  stakes.reduce((sum, stake, k) => {
    const capital = windows.reduce((product, [nc, xc, ns, xs]) => {
      const q = (r0 * nc) / (r0 * nc + ns);
      return product * (1 + stake * (xc / (xc + xs) / q - 1));
    }, 1);
    return sum + (weights[k] ?? 0) * capital;
  }, 0);

/** Windows of a minute: none is left out, but after one in which the new version has most errors 0.6 of each stake is staked. */
const byTheMinute = (windows: readonly Window[], r0: number): number => {
  const gains = windows.map(([nc, xc, ns, xs]) => {
    const q = (r0 * nc) / (r0 * nc + ns);
    const y = xc / (xc + xs);
    return { told: tells([nc, xc, ns, xs]), gain: y / q - 1, suspicious: y > q + 0.4 * (1 - q) };
  });
  const share = [1, 0.8, 0.5, 0.25].map((stake, k) =>
    gains.reduce(
      (capital, { told, gain }, at) => {
        const before = gains[at - 1];
        const part = before?.told === true && before.suspicious ? 0.6 : 1;
        return told ? capital * (1 + stake * part * gain) : capital;
      },
      [0.4, 0.25, 0.2, 0.15][k] ?? 0,
    ),
  );
  let count = 0;
  for (let k = 0; k < 8; k += 1) count += Math.exp(counts(windows, r0, 1.3 * (20 / 1.3) ** (k / 7), 5)) / 8;
  return Math.max(0.85 * share.reduce((sum, capital) => sum + capital, 0), 0.15 * count);
};

const counts = (windows: readonly Window[], r0: number, g: number, cluster: number): number => {
  const r = r0 * g;
  let log = 0;
  for (const window of windows) {
    const [nc, xc, ns, xs] = window;
    if (xc < nc / 10) log = Math.min(log, 0);
    if (!tells(window)) continue;
    const one = Math.max(cluster, nc / 10);
    const part = Math.log((r0 * nc + ns) / (r * nc + ns));
    log += Math.min(Math.log(20), (xc / one) * Math.log(g) + ((xc + xs) / one) * part);
  }
  return log;
};

const window = fc
  .tuple(fc.nat(300), fc.nat(12), fc.nat(5000), fc.nat(12))
  .map(([nc, xc, ns, xs]): Window => [nc + xc, xc, ns + xs, xs]);

describe('the error test', () => {
  it('starts with no evidence at all', () => {
    expect(eValue(open())).toBeCloseTo(0.75, 12);
    expect(fails(open())).toBe(false);
  });

  it('multiplies the stakes as computed by hand', () => {
    // q = 1.5 * 50 / (1.5 * 50 + 950) = 75/1025; only the new version fails: Y/q = 13.6667
    const y = 1025 / 75;
    const one = after([[50, 50, 950, 0]]);
    const byHand =
      0.4 * y + 0.25 * (1 + 0.8 * (y - 1)) + 0.2 * (1 + 0.5 * (y - 1)) + 0.15 * (1 + 0.25 * (y - 1));
    expect(eValue(one)).toBeCloseTo(0.75 * byHand, 10);
    expect(fails(one)).toBe(false);
  });

  it('sees a total failure at 5 % in the third window, the second being left out', () => {
    const state = open();
    const seen = [0, 1, 2].map(() => {
      addWindow(state, 50, 50, 950, 1);
      return fails(state);
    });
    expect(seen).toEqual([false, false, true]);
    expect(state.skipped).toBe(1);
  });

  it('agrees with its definition, computed slowly', () => {
    fc.assert(
      fc.property(fc.array(window, { maxLength: 40 }), fc.constantFrom(1, 1.25, 1.5, 3), (windows, r0) => {
        const fast = eValue(after(windows, open({ r0 })));
        const slow = slowly(windows, r0, 1, 5);
        expect(Math.abs(fast - slow)).toBeLessThanOrEqual(1e-9 * (1 + slow));
      }),
      { numRuns: 200 },
    );
  });

  it('agrees with its definition in windows of a minute too', () => {
    fc.assert(
      fc.property(fc.array(window, { maxLength: 40 }), fc.constantFrom(1, 1.25, 1.5, 3), (windows, r0) => {
        const fast = eValue(after(windows, open({ r0, windowMs: 60_000 })));
        const slow = byTheMinute(windows, r0);
        expect(Math.abs(fast - slow)).toBeLessThanOrEqual(1e-9 * (1 + slow));
      }),
      { numRuns: 100 },
    );
  });

  it('says the same whether all lanes are worked out or only as much as it takes', () => {
    fc.assert(
      fc.property(
        fc.array(window, { maxLength: 40 }),
        fc.constantFrom(10_000, 60_000),
        (windows, windowMs) => {
          const state = open({ windowMs, alpha: 0.5 });
          for (const one of windows) {
            addWindow(state, ...one);
            expect(isEnough(state)).toBe(eValue(state) >= state.limit);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('does not fail for one burst that crosses the edge of two windows of a minute', () => {
    for (const r0 of [1.25, 1.5]) {
      const burst = after(
        [
          [3000, 900, 57_000, 0],
          [3000, 900, 57_000, 0],
        ],
        open({ r0, windowMs: 60_000 }),
      );
      expect(fails(burst)).toBe(false);
      expect(eValue(burst)).toBeGreaterThan(60);
      // Whoever fails on is seen in the next.
      addWindow(burst, 3000, 900, 57_000, 0);
      expect(fails(burst)).toBe(true);
    }
  });

  it('stakes less only in the window after a suspicious one', () => {
    const wary = (windows: readonly Window[]): boolean => after(windows, open({ windowMs: 60_000 })).wary;
    expect(wary([[50, 1, 950, 0]])).toBe(true);
    expect(wary([[50, 1, 950, 2]])).toBe(false);
    expect(
      wary([
        [50, 1, 950, 0],
        [50, 0, 950, 0],
      ]),
    ).toBe(false);
    expect(after([[50, 1, 950, 0]]).wary).toBe(false);
    const passed = after([[50, 1, 950, 0]], open({ windowMs: 60_000 }));
    passWindows(passed, 1);
    expect(passed.wary).toBe(false);
  });

  it('leaves out as many windows as a burst lasts, and none when a window holds the whole burst', () => {
    expect([
      skipGap(10_000, 10_000),
      skipGap(10_000, 4_000),
      skipGap(60_000, 10_000),
      skipGap(10_000, 59_000),
      skipGap(10_000, 60_000),
    ]).toEqual([1, 3, 6, 1, 0]);
  });

  it('bets on long windows too, unless windows are long by themselves', () => {
    expect(open().slow.many).toBe(6);
    expect(open({ burstMs: 60_000 }).slow.many).toBe(36);
    expect(open({ windowMs: 60_000 }).weights).toEqual({ share: 0.85, slow: 0, count: 0.15 });
    const state = after(Array.from({ length: 6 }, (): Window => [50, 1, 950, 0]));
    expect(state.slow.capital[0]).toBeCloseTo(0.4 * (1025 / 75), 9);
    // A long window does not reach across time that is left out.
    const broken = after([[50, 1, 950, 0]]);
    passWindows(broken, 1);
    expect(broken.slow.windows).toBe(0);
  });

  it('does not fail for one burst, however large it is and whatever the share', () => {
    for (const [nc, ns] of [
      [50, 950],
      [500, 500],
      [950, 50],
    ] as const)
      for (const size of [nc, 100 * nc]) {
        const state = after([
          [nc, size, ns, 0],
          [nc, size, ns, 0],
        ]);
        expect(
          fails(
            after(
              Array.from({ length: 100 }, (): Window => [nc, 0, ns, 0]),
              state,
            ),
          ),
        ).toBe(false);
        // Nor when windows are much shorter than a burst.
        const short = open({ windowMs: 1000 });
        expect(
          fails(
            after(
              Array.from({ length: 11 }, (): Window => [nc, size, ns, 0]),
              short,
            ),
          ),
        ).toBe(false);
      }
  });

  it('gives up what the count has won when a run of bad windows ends', () => {
    const state = after([
      [500, 500, 500, 0],
      [500, 500, 500, 0],
    ]);
    expect(Math.max(...state.count.sums)).toBeGreaterThan(2);
    addWindow(state, 500, 49, 500, 0);
    const after49 = Math.max(...state.count.sums);
    expect(after49).toBeLessThan(0.6);
  });

  it('starts to leave out only after errors of the new version, and time without windows counts as left out', () => {
    const quiet = after([[50, 0, 950, 3]]);
    expect(quiet.left).toBe(0);
    const loud = after([[50, 1, 950, 0]], open({ burstMs: 30_000 }));
    expect(loud.left).toBe(3);
    passWindows(loud, 2);
    expect(loud.left).toBe(1);
    passWindows(loud, 1000);
    expect(loud.left).toBe(0);
  });

  it('takes the largest cluster before the release as one piece of luck', () => {
    expect(clusterSize(undefined)).toBe(5);
    expect(clusterSize({ mean: 4, largest: 12 })).toBe(5);
    expect(clusterSize({ mean: 4, largest: 212 })).toBe(200);
  });

  it('does not fail below the floor, whatever the evidence', () => {
    const windows = Array.from({ length: 400 }, (): Window => [10, 1, 10, 0]);
    const state = after(windows, open({ atLeastPerMinute: 61 }));
    expect(eValue(state)).toBeGreaterThan(1e6);
    expect(fails(state)).toBe(false);
    expect(excessPerMinute(state)).toBeCloseTo(12, 9);
    expect(fails(after(windows))).toBe(true);
  });

  it('projects the excess to full traffic, and a change of share does not feign one', () => {
    // An outage of both versions comes with the larger share: pooled rates would show the new version three times worse.
    const state = after([
      [50, 0, 950, 0],
      [500, 50, 500, 50],
    ]);
    expect(excessPerMinute(state)).toBeCloseTo(0, 12);
  });
});

describe('the error test at the edges', () => {
  const large = fc.constantFrom(0, 1, 2, 50, 1e6, 1e9);

  it('keeps finite numbers from nothing to a billion requests a window, and survives JSON bit for bit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(large, large, large, large), { maxLength: 60 }),
        fc.constantFrom(1e-9, 0.01, 0.5),
        (windows, alpha) => {
          const state = open({ alpha });
          for (const [nc, xc, ns, xs] of windows) {
            addWindow(state, nc, xc, ns, xs);
            expect(Number.isFinite(eValue(state))).toBe(true);
            expect(Number.isFinite(excessPerMinute(state))).toBe(true);
          }
          expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('neither overflows nor dies in a long release', () => {
    const worse = after(Array.from({ length: 5000 }, (): Window => [1e9, 1e6, 1e9, 0]));
    expect(eValue(worse)).toBe(1e300);
    // A thousand windows in which only the stable version failed cost evidence, but not the ability to regain it.
    const state = after(Array.from({ length: 1000 }, (): Window => [500, 0, 500, 5]));
    expect(eValue(state)).toBeLessThan(1e-7);
    for (let k = 0; k < 4000; k += 1) addWindow(state, 50, 50, 950, 0);
    expect(fails(state)).toBe(true);
  });

  it('learns nothing from windows without errors, without requests of one version, or from nothing', () => {
    const state = after([
      [0, 0, 0, 0],
      [1e9, 0, 1e9, 0],
      [0, 0, 950, 7],
      [50, 3, 0, 0],
    ]);
    expect(eValue(state)).toBeCloseTo(0.75, 12);
  });

  it('never has less evidence for one error more of the new version, nor more for one more of the stable one', () => {
    fc.assert(
      fc.property(
        fc.array(window, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(10_000, 60_000),
        (windows, windowMs) => {
          // The last window: an extra error in one before it may change how much is staked in the next.
          const calm = { windowMs };
          const k = windows.length - 1;
          const change = (by: readonly [number, number]): Window[] =>
            windows.map(([nc, xc, ns, xs], at) =>
              at === k ? [nc + 1, xc + by[0], ns + 1, xs + by[1]] : [nc, xc, ns, xs],
            );
          const same = eValue(after(change([0, 0]), open(calm)));
          expect(eValue(after(change([1, 0]), open(calm)))).toBeGreaterThanOrEqual(
            same * (1 - 1e-12) - 1e-300,
          );
          expect(eValue(after(change([0, 1]), open(calm)))).toBeLessThanOrEqual(same * (1 + 1e-12));
        },
      ),
      { numRuns: 200 },
    );
  });
});
