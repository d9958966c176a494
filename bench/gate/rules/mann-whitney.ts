/**
 * The Mann-Whitney test as Kayenta computes it (kayenta-mannwhitney: MannWhitney.scala, BrentSolver.java), which follows
 * R's wilcox.test with the normal approximation: average ranks for ties, tie-corrected variance, continuity correction,
 * and a confidence interval for the shift between two samples found by root search.
 *
 * The root search is part of the behaviour: the function it searches is a staircase, and with many ties (minutes without
 * errors) the answer lies within the solver's tolerance of a jump, so a better solver would decide differently. The
 * solver is Brent's (Algorithms for Minimization Without Derivatives, 1973, chapter 4), with Kayenta's tolerance.
 */

const TOLERANCE = 1e-4;
const EPSILON = Number.EPSILON;
const MOST_STEPS = 1001;

/** A zero of `f` between `start` and `end`, where `f` has different signs. */
export const brent = (
  f: (at: number) => number,
  start: number,
  end: number,
  fStart: number,
  fEnd: number,
): number => {
  // `best` is the current guess, `last` the one before, `other` the bracket's far end.
  let [last, best, other] = [start, end, start];
  let [fLast, fBest, fOther] = [fStart, fEnd, fStart];
  if (fStart === 0) return start;
  if (fEnd === 0) return end;
  for (let i = 0; i < MOST_STEPS; i += 1) {
    const before = best - last;
    if (Math.abs(fOther) < Math.abs(fBest)) {
      [last, best, other] = [best, other, best];
      [fLast, fBest, fOther] = [fBest, fOther, fBest];
    }
    const tolerance = 2 * EPSILON * Math.abs(best) + TOLERANCE / 2;
    const half = (other - best) / 2;
    if (Math.abs(half) <= tolerance || fBest === 0) return best;
    let step = half;
    if (Math.abs(before) >= tolerance && Math.abs(fLast) > Math.abs(fBest)) {
      const [p, q] = interpolation(last, best, other, fLast, fBest, fOther);
      const inside = p < 0.75 * (other - best) * q - Math.abs(tolerance * q) / 2;
      if (inside && p < Math.abs((before * q) / 2)) step = p / q;
    }
    if (Math.abs(step) < tolerance) step = step > 0 ? tolerance : -tolerance;
    last = best;
    fLast = fBest;
    best += step;
    fBest = f(best);
    if ((fBest > 0 && fOther > 0) || (fBest < 0 && fOther < 0)) {
      other = last;
      fOther = fLast;
    }
  }
  return best;
};

/** Secant or inverse quadratic step as a fraction p / q with p >= 0. */
const interpolation = (
  last: number,
  best: number,
  other: number,
  fLast: number,
  fBest: number,
  fOther: number,
): readonly [number, number] => {
  const width = other - best;
  const ratio = fBest / fLast;
  let p = width * ratio;
  let q = 1 - ratio;
  if (last !== other) {
    const r = fLast / fOther;
    const s = fBest / fOther;
    p = ratio * (width * r * (r - s) - (best - last) * (s - 1));
    q = (r - 1) * (s - 1) * (ratio - 1);
  }
  return p > 0 ? [p, -q] : [-p, q];
};

/**
 * Standardised rank statistic of x - shift against y, less `quantile`. Falls as `shift` grows. Both sorted upwards.
 * NaN when everything is tied.
 */
export const rankDifference = (shift: number, quantile: number, x: Float64Array, y: Float64Array): number => {
  const n = x.length;
  const m = y.length;
  let rankSum = 0;
  let ties = 0;
  for (let i = 0, j = 0; i < n || j < m;) {
    const a = i < n ? (x[i] ?? 0) - shift : Infinity;
    const b = j < m ? (y[j] ?? 0) : Infinity;
    const value = a < b ? a : b;
    const before = i + j;
    const i0 = i;
    while (i < n && (x[i] ?? 0) - shift === value) i += 1;
    while (j < m && y[j] === value) j += 1;
    const together = i + j - before;
    rankSum += (i - i0) * (before + (together + 1) / 2);
    ties += together * together * together - together;
  }
  const difference = rankSum - (n * (n + 1)) / 2 - (n * m) / 2;
  const sigma = Math.sqrt(((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1))));
  return sigma === 0 ? NaN : (difference - Math.sign(difference) * 0.5) / sigma - quantile;
};

export interface ShiftInterval {
  readonly low: number;
  readonly high: number;
  readonly estimate: number;
}

/** Interval and estimate for the shift from `y` to `x`; `z` is the normal quantile of half the error, positive. */
export const shiftInterval = (x: Float64Array, y: Float64Array, z: number): ShiftInterval => {
  const least = (x[0] ?? NaN) - (y[y.length - 1] ?? NaN);
  const most = (x[x.length - 1] ?? NaN) - (y[0] ?? NaN);
  const search = (quantile: number): number =>
    brent(
      (shift) => rankDifference(shift, quantile, x, y),
      least,
      most,
      rankDifference(least, quantile, x, y),
      rankDifference(most, quantile, x, y),
    );
  const bound = (quantile: number): number => {
    if (rankDifference(least, quantile, x, y) <= 0) return least;
    if (rankDifference(most, quantile, x, y) >= 0) return most;
    return search(quantile);
  };
  return { low: bound(z), high: bound(-z), estimate: search(0) };
};
