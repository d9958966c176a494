/**
 * The two lanes of the error test, each a non-negative supermartingale for a healthy release, so that the chance
 * of ever exceeding 1/a is at most a (Ville's inequality).
 *
 * Lane R, the share bet: given that errors came, the new version's part of them, Y, has a mean of at most
 * q = r0 n_c / (r0 n_c + n_s), however large the bursts are. Capital of a bettor who stakes c of it: M <- M (1 + c (Y/q - 1)).
 * Lane C, the count mixture: likelihood ratio of the new version's part under r0 g against r0, given all errors
 * (Lindon and Malek 2022, arXiv 2011.03567; Lindon, Sanden and Shirikian 2022, arXiv 2205.14762).
 */

/** Stakes and how much of the starting capital each gets. */
export const BETS: readonly { readonly stake: number; readonly weight: number }[] = [
  { stake: 1, weight: 0.55 },
  { stake: 0.8, weight: 0.15 },
  { stake: 0.5, weight: 0.15 },
  { stake: 0.25, weight: 0.15 },
];

const COUNT_STEPS = 8;
const SMALLEST = 1.3;
const LARGEST = 20;
/** Factors above r0 that lane C looks for, log-spaced. */
export const COUNTS: readonly number[] = Array.from({ length: COUNT_STEPS }, (_, k) =>
  Math.exp(Math.log(SMALLEST) + (Math.log(LARGEST / SMALLEST) * k) / (COUNT_STEPS - 1)),
);
const LOG_COUNTS: readonly number[] = COUNTS.map((g) => Math.log(g));
/** One window's evidence is capped, so that no single burst decides. */
export const CAP = Math.log(20);

export interface ShareLane {
  /** Capital per stake, times 2^-scale. */
  readonly capital: number[];
  /** Power of two taken out of `capital`, so that it neither overflows nor vanishes; exact in binary. */
  scale: number;
}

export interface CountLane {
  /** Errors that count as one. */
  readonly cluster: number;
  /** Capped log-likelihood ratio per factor. */
  readonly sums: number[];
}

const STEP = 512;
const HIGH = 2 ** STEP;
const LOW = 2 ** -STEP;

/** One bet: `y` is the new version's part of the errors, `q` > 0 its largest fair part. */
export const growShare = (lane: ShareLane, y: number, q: number): void => {
  const gain = y / q - 1;
  const capital = lane.capital;
  let largest = 0;
  for (let k = 0; k < capital.length; k += 1) {
    // A stake of 1 loses everything on y = 0; rounding must not leave a debt.
    const value = Math.max(0, (capital[k] ?? 0) * (1 + (BETS[k]?.stake ?? 0) * gain));
    capital[k] = value;
    if (value > largest) largest = value;
  }
  if (largest > HIGH) rescale(lane, LOW, STEP);
  else if (largest > 0 && largest < LOW) rescale(lane, HIGH, -STEP);
};

const rescale = (lane: ShareLane, factor: number, exponent: number): void => {
  for (let k = 0; k < lane.capital.length; k += 1) lane.capital[k] = (lane.capital[k] ?? 0) * factor;
  lane.scale += exponent;
};

export const shareEvidence = (lane: ShareLane): number => {
  let sum = 0;
  for (const value of lane.capital) sum += value;
  return sum * 2 ** Math.max(-1000, Math.min(1000, lane.scale));
};

/** Likelihood of one window's errors for each factor, counts divided by the cluster size. Both n > 0. */
export const addCounts = (
  lane: CountLane,
  r0: number,
  nFresh: number,
  xFresh: number,
  nStable: number,
  xStable: number,
): void => {
  const fresh = xFresh / lane.cluster;
  const all = (xFresh + xStable) / lane.cluster;
  const base = r0 * nFresh;
  for (let k = 0; k < COUNT_STEPS; k += 1) {
    // ln((base g + n_s) / (base + n_s)), kept exact where the new version's part is tiny.
    const worse = Math.log1p((base * ((COUNTS[k] ?? 1) - 1)) / (base + nStable));
    const log = fresh * (LOG_COUNTS[k] ?? 0) - all * worse;
    lane.sums[k] = (lane.sums[k] ?? 0) + Math.min(log, CAP);
  }
};

/** Mean of the likelihood ratios. */
export const countEvidence = (lane: CountLane): number => {
  let largest = -Infinity;
  for (const sum of lane.sums) if (sum > largest) largest = sum;
  let sum = 0;
  for (const value of lane.sums) sum += Math.exp(value - largest);
  return Math.exp(Math.min(largest, 700)) * (sum / COUNT_STEPS);
};
