/** Intervals and quantiles for the report. */

import { logFactorial } from './random.ts';

const logBinomial = (n: number, k: number, p: number): number =>
  logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p);

/** P(X <= k) for X ~ Binomial(n, p), summed from the largest term down; exact to about 1e-12. */
export const binomialCdf = (k: number, n: number, p: number): number => {
  if (k < 0) return 0;
  if (k >= n) return 1;
  if (p <= 0) return 1;
  if (p >= 1) return 0;
  // Sum the side of k that does not hold the mean: its terms only fall.
  const lower = k < n * p;
  const odds = p / (1 - p);
  const start = lower ? k : k + 1;
  const first = Math.exp(logBinomial(n, start, p));
  let term = first;
  let sum = first;
  if (lower) {
    for (let i = start; i > 0 && term > sum * 1e-17; i -= 1) {
      term *= i / ((n - i + 1) * odds);
      sum += term;
    }
    return sum;
  }
  for (let i = start; i < n && term > sum * 1e-17; i += 1) {
    term *= ((n - i) * odds) / (i + 1);
    sum += term;
  }
  return 1 - sum;
};

/** p in [0, 1] with f(p) = 0 for a falling f. */
const bisect = (f: (p: number) => number): number => {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Exact two-sided interval for a chance after `hits` in `runs` (Clopper and Pearson 1934). */
export const exactInterval = (hits: number, runs: number, confidence = 0.99): Interval => {
  const tail = (1 - confidence) / 2;
  return {
    low: hits === 0 ? 0 : bisect((p) => tail - (1 - binomialCdf(hits - 1, runs, p))),
    high: hits === runs ? 1 : bisect((p) => binomialCdf(hits, runs, p) - tail),
  };
};

/**
 * The `q` quantile of times kept as counts per step; `undefined` where that part of the runs never had a verdict.
 * `counts[i]` runs ended after i + 1 steps.
 */
export const quantile = (counts: readonly number[], runs: number, q: number): number | undefined => {
  let seen = 0;
  for (let i = 0; i < counts.length; i += 1) {
    seen += counts[i] ?? 0;
    if (seen >= q * runs) return i + 1;
  }
  return undefined;
};
