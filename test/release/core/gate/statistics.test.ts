import { describe, expect, it } from 'vitest';
import { poisson, seeded, someOf, type Random } from '../../../../lib/random.ts';
import {
  addWindow,
  eValue,
  fails,
  openErrorTest,
  type ErrorTestState,
} from '../../../../release/core/gate/errors.ts';

/** Fixed seeds: these numbers are the same on every machine. The large runs are in bench/gate. */

const open = (r0 = 1.5): ErrorTestState =>
  openErrorTest({ alpha: 0.01, r0, burstMs: 10_000, windowMs: 10_000, atLeastPerMinute: 1 });

interface World {
  readonly rps: number;
  readonly share: number;
  readonly fresh: number;
  readonly stable: number;
  /** Clusters of errors: chance that one starts in a window, and its mean size. */
  readonly bursts?: { readonly chance: number; readonly size: number };
  /** Factor on all error rates. */
  readonly drift?: (k: number) => number;
}

const step = (random: Random, state: ErrorTestState, world: World, k: number): void => {
  const nc = poisson(random, (world.rps * 10 * world.share) / 100);
  const ns = poisson(random, world.rps * 10 * (1 - world.share / 100));
  const drift = world.drift?.(k) ?? 1;
  let xc = someOf(random, nc, world.fresh * drift);
  let xs = someOf(random, ns, world.stable * drift);
  if (world.bursts && random() < world.bursts.chance) {
    const size = Math.ceil(-Math.log(1 - random()) * world.bursts.size);
    if (random() < world.share / 100) xc = Math.min(nc, xc + size);
    else xs = Math.min(ns, xs + size);
  }
  addWindow(state, nc, xc, ns, xs);
};

const falseRollbacks = (world: World, runs: number, seed: number, r0 = 1.5): number => {
  const random = seeded(seed);
  let rolledBack = 0;
  for (let run = 0; run < runs; run += 1) {
    const state = open(r0);
    for (let k = 0; k < 360; k += 1) {
      step(random, state, world, k);
      if (fails(state)) {
        rolledBack += 1;
        break;
      }
    }
  }
  return rolledBack;
};

const same = (rps: number, share: number, rate: number): World => ({ rps, share, fresh: rate, stable: rate });

describe('of releases that are as good as the stable version at most 1 % are rolled back, looked at 360 times', () => {
  // 400 releases: were the true rate 1 %, more than 10 would be seen three times in 1,000 tries.
  it.each<readonly [string, World]>([
    ['errors one by one, 5 %', same(100, 5, 0.001)],
    ['errors one by one, 50 %', same(100, 50, 0.01)],
    ['one request a second', same(1, 5, 0.01)],
    ['clusters that the past had not shown', { ...same(100, 5, 0.001), bursts: { chance: 0.1, size: 60 } }],
    [
      'one bad client now and then, half the traffic',
      { ...same(1000, 50, 0), bursts: { chance: 0.04, size: 300 } },
    ],
    ['many clusters, half the traffic', { ...same(1000, 50, 0.001), bursts: { chance: 0.6, size: 30 } }],
    ['a day that gets worse for both', { ...same(100, 5, 0.001), drift: (k) => 1 + k / 40 }],
    ['an outage of both', { ...same(100, 5, 0.001), drift: (k) => (k > 100 && k < 130 ? 300 : 1) }],
  ])('%s', (_, world) => {
    expect(falseRollbacks(world, 400, 42)).toBeLessThanOrEqual(10);
  });

  it('even at exactly the ratio that is still allowed', () => {
    const edge = { ...same(100, 5, 0.002), fresh: 0.003 };
    expect(falseRollbacks(edge, 400, 43)).toBeLessThanOrEqual(10);
  });

  it('while the same world with a version three times worse is sent back', () => {
    const worse = { ...same(100, 50, 0.01), fresh: 0.03 };
    expect(falseRollbacks(worse, 100, 44)).toBe(100);
  });
});

describe('the evidence of a good release', () => {
  it('has a mean of at most 1 at any fixed time, which is why the bound holds', () => {
    const random = seeded(9);
    let sum = 0;
    const runs = 4000;
    for (let run = 0; run < runs; run += 1) {
      const state = open(1);
      for (let k = 0; k < 12; k += 1) step(random, state, same(20, 20, 0.01), k);
      sum += eValue(state);
    }
    expect(sum / runs).toBeLessThanOrEqual(1);
  });
});

describe('time to the verdict at 5 %, warm-up of 10 s included (median, 90th percentile)', () => {
  const times = (world: World, runs: number, seed: number, r0 = 1.5): readonly [number, number] => {
    const random = seeded(seed);
    const all = Array.from({ length: runs }, () => {
      const state = open(r0);
      for (let k = 0; k < 360; k += 1) {
        step(random, state, world, k);
        if (fails(state)) return 10 * (k + 2);
      }
      return Infinity;
    }).sort((a, b) => a - b);
    return [all[Math.floor(runs / 2)] ?? 0, all[Math.floor(runs * 0.9)] ?? 0];
  };
  const worse = (rps: number, fresh: number): World => ({ rps, share: 5, fresh, stable: 0.001 });

  it.each([
    [20, 1, 40, 50],
    [100, 1, 40, 40],
    [1000, 1, 40, 40],
    [1, 1, 120, 200],
    [100, 0.02, 110, 200],
    [1000, 0.005, 150, 300],
    [10_000, 0.002, 530, 800],
  ])('%s requests/s, 0.1 %% → %s: at most %s and %s s', (rps, fresh, median, ninety) => {
    const [half, most] = times(worse(rps, fresh), 300, rps);
    expect(half).toBeLessThanOrEqual(median);
    expect(most).toBeLessThanOrEqual(ninety);
  });

  it('and as fast at half the traffic, and after an hour in which all was well', () => {
    expect(times({ rps: 100, share: 50, fresh: 1, stable: 0.001 }, 100, 1)[1]).toBeLessThanOrEqual(50);
    const state = open();
    const random = seeded(6);
    for (let k = 0; k < 360; k += 1)
      step(random, state, { rps: 1000, share: 5, fresh: 0.01, stable: 0.01 }, k);
    let windows = 0;
    while (!fails(state) && windows < 100) {
      step(random, state, { rps: 1000, share: 5, fresh: 1, stable: 0.01 }, windows);
      windows += 1;
    }
    expect(windows).toBeLessThanOrEqual(8);
  });
});
