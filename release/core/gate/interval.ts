import type { ErrorTestState } from './errors.ts';

/** Observed ratio of error rates, windows compared with themselves (Mantel and Haenszel 1959); undefined without errors of the stable version. */
export const ratioOf = (test: ErrorTestState): number | undefined =>
  test.crossStable > 0 ? test.crossFresh / test.crossStable : undefined;

/** Error rates of both versions, weighted alike over windows, from 0 to 1; undefined while one has no requests. */
export const ratesOf = (
  test: ErrorTestState,
): { readonly fresh: number; readonly stable: number } | undefined =>
  test.both > 0 ? { fresh: test.crossFresh / test.both, stable: test.crossStable / test.both } : undefined;

/** ln of how much less likely than the mixture a ratio must be to lie outside: 95 % at every look (Robbins 1970). */
const OUTSIDE = Math.log(20);

/**
 * Interval of the ratio that holds at every look with 95 %, for errors that come one by one: ratios that the
 * Beta(1/2, 1/2) mixture over the new version's part of the errors does not beat 20 to 1. Undefined while it has no
 * upper end. Exact at a constant share of traffic; otherwise with the share that the errors saw.
 */
export const ratioInterval = (test: ErrorTestState): readonly [number, number] | undefined => {
  const fresh = test.badFresh;
  const stable = test.badStable;
  if (stable <= 0 || !(test.both > 0)) return undefined;
  const part = (test.crossStable + fresh - test.crossFresh) / (fresh + stable);
  if (!(part > 0 && part < 1)) return undefined;
  const odds = part / (1 - part);
  const mixture = logBeta(fresh + 0.5, stable + 0.5) - Math.log(Math.PI);
  const excess = (z: number): number => mixture + fresh * softplus(-z) + stable * softplus(z) - OUTSIDE;
  const slope = (z: number): number => stable - (fresh + stable) / (1 + Math.exp(z));
  const middle = Math.log((fresh + 0.5) / (stable + 0.5));
  const step = 3 * Math.sqrt(1 / (fresh + 0.5) + 1 / (stable + 0.5));
  const high = Math.exp(root(excess, slope, middle + step)) / odds;
  if (!Number.isFinite(high)) return undefined;
  const low = fresh > 0 ? Math.exp(root(excess, slope, middle - step)) / odds : 0;
  return [low, high];
};

/** ln(1 + e^z) without overflow. */
const softplus = (z: number): number => (z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z)));

/** Newton's method on a convex function: from any start on one side of the minimum it ends outside and comes back. */
const root = (value: (z: number) => number, slope: (z: number) => number, start: number): number => {
  let z = start;
  for (let k = 0; k < 60; k += 1) {
    const next = z - value(z) / slope(z);
    if (!(Math.abs(next - z) > 1e-9 * (1 + Math.abs(z)))) return next;
    z = next;
  }
  return z;
};

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** Stirling's series after shifting the argument above 10: relative error below 1e-14. */
const logGamma = (x: number): number => {
  let shift = 0;
  let y = x;
  while (y < 10) {
    shift -= Math.log(y);
    y += 1;
  }
  const r = 1 / (y * y);
  return (
    shift +
    (y - 0.5) * Math.log(y) -
    y +
    0.5 * Math.log(2 * Math.PI) +
    (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / y
  );
};
