/**
 * The lanes of the error test, each a non-negative supermartingale for a healthy release, so that the chance
 * of ever exceeding 1/a is at most a (Ville's inequality: J. Ville, Étude critique de la notion de collectif, 1939).
 *
 * Lane R, the share bet: given that errors came, the new version's part of them, Y, has a mean of at most
 * q = r0 n_c / (r0 n_c + n_s), however large the bursts are. Capital of a bettor who stakes c of it: M <- M (1 + c (Y/q - 1)).
 * A burst may cross the edge of two windows: after errors of the new version short windows are left out, and in long ones
 * less is staked.
 * Under that hypothesis no other bet exists: these are all of them (Waudby-Smith and Ramdas 2024, bounded means).
 * Lane S, the same bet on long windows: they hold whole bursts, so none is left out. Slow, and good at small regressions.
 * Lane C, the count mixture: likelihood ratio of the new version's part under r0 g against r0, given all errors
 * (Lindon and Malek 2022, arXiv 2011.03567; Lindon, Sanden and Shirikian 2022, arXiv 2205.14762). It is fast, and holds for
 * clusters up to the size that counts as one error; so a tenth of the new version's requests counts as one, and what
 * it has won is given up when a window comes in which fewer fail: one burst cannot reach the threshold, nor can many apart.
 */

export interface Bet {
  /** Part of the capital that is staked, 0 to 1. */
  readonly stake: number;
  /** Part of the starting capital that is staked so. */
  readonly weight: number;
}

export const BETS: readonly Bet[] = [
  { stake: 1, weight: 0.4 },
  { stake: 0.8, weight: 0.25 },
  { stake: 0.5, weight: 0.2 },
  { stake: 0.25, weight: 0.15 },
];

/** Long windows hold more errors, their shares scatter less, and larger stakes pay. */
export const SLOW_BETS: readonly Bet[] = [
  { stake: 1, weight: 0.4 },
  { stake: 0.7, weight: 0.2 },
  { stake: 0.4, weight: 0.2 },
  { stake: 0.2, weight: 0.2 },
];

const COUNT_STEPS = 8;
const SMALLEST = 1.3;
const LARGEST = 20;
/** Factors above r0 that lane C looks for, log-spaced. */
export const COUNTS: readonly number[] = Array.from({ length: COUNT_STEPS }, (_, k) =>
  Math.exp(Math.log(SMALLEST) + (Math.log(LARGEST / SMALLEST) * k) / (COUNT_STEPS - 1)),
);
const LOG_COUNTS: readonly number[] = COUNTS.map((g) => Math.log(g));
/** Most that lane C wins in a window, or in the length of a burst where that is longer. */
const CAP = Math.log(20);
/** Part of the new version's requests that counts as one error, and that has to fail for a run to go on. */
export const SEVERE = 0.1;

export interface ShareLane {
  /** Capital per stake, times 2^-scale. */
  readonly capital: number[];
  /** Power of two taken out of `capital`, so that it neither overflows nor vanishes; exact in binary. */
  scale: number;
}

export interface SlowLane extends ShareLane {
  /** Windows that make a long one; 0: windows are long enough by themselves, and the lane is closed. */
  readonly many: number;
  /** The long window so far. */
  windows: number;
  nFresh: number;
  xFresh: number;
  nStable: number;
  xStable: number;
}

export interface CountLane {
  /** Errors that count as one, at least. */
  readonly cluster: number;
  readonly cap: number;
  /** Capped log-likelihood ratio per factor. */
  readonly sums: number[];
}

export const openShare = (bets: readonly Bet[]): ShareLane => ({
  capital: bets.map((bet) => bet.weight),
  scale: 0,
});

export const openSlow = (burstMs: number, windowMs: number): SlowLane => {
  const many = Math.ceil((HOLDS_A_BURST * burstMs) / windowMs);
  return {
    ...openShare(SLOW_BETS),
    many: many > 1 ? many : 0,
    windows: 0,
    nFresh: 0,
    xFresh: 0,
    nStable: 0,
    xStable: 0,
  };
};

export const openCount = (cluster: number, burstMs: number, windowMs: number): CountLane => ({
  cluster,
  cap: CAP * Math.min(1, windowMs / burstMs),
  sums: COUNTS.map(() => 0),
});

/** A window so many times a burst holds it whole but for rare cases: none need be left out. */
export const HOLDS_A_BURST = 6;

const STEP = 512;
const HIGH = 2 ** STEP;
const LOW = 2 ** -STEP;

/** Part of the way from the fair part of the errors to all of them beyond which a long window may hold a whole burst. */
const SUSPICIOUS = 0.4;
/**
 * How much of every stake is kept in the window after such a one: at 5 % of the traffic and more a burst that crosses the edge
 * then stays below 1/a by itself, with `r0` 1.25 too; at a smaller share it is the new version's more rarely.
 */
export const WARY = 0.6;

/** Whether the new version's part `y` of a window's errors is so large that one burst may explain it. */
export const isSuspicious = (y: number, q: number): boolean => y > q + SUSPICIOUS * (1 - q);

/** One bet: `y` is the new version's part of the errors, `q` > 0 its largest fair part; `part` of each stake is at stake. */
export const growShare = (lane: ShareLane, bets: readonly Bet[], y: number, q: number, part = 1): void => {
  const gain = part * (y / q - 1);
  const capital = lane.capital;
  let largest = 0;
  for (let k = 0; k < capital.length; k += 1) {
    // A stake of 1 loses everything on y = 0; rounding must not leave a debt.
    const value = Math.max(0, (capital[k] ?? 0) * (1 + (bets[k]?.stake ?? 0) * gain));
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

/** Adds one window to the long one, and bets when that is complete. */
export const growSlow = (
  lane: SlowLane,
  r0: number,
  nFresh: number,
  xFresh: number,
  nStable: number,
  xStable: number,
): void => {
  lane.windows += 1;
  lane.nFresh += nFresh;
  lane.xFresh += xFresh;
  lane.nStable += nStable;
  lane.xStable += xStable;
  if (lane.windows < lane.many) return;
  const { nFresh: nc, xFresh: xc, nStable: ns, xStable: xs } = lane;
  dropSlow(lane);
  if (nc > 0 && ns > 0 && xc + xs > 0) growShare(lane, SLOW_BETS, xc / (xc + xs), (r0 * nc) / (r0 * nc + ns));
};

/** Forgets the long window that is not complete. */
export const dropSlow = (lane: SlowLane): void => {
  lane.windows = 0;
  lane.nFresh = 0;
  lane.xFresh = 0;
  lane.nStable = 0;
  lane.xStable = 0;
};

/** Gives up what was won when fewer than a tenth of the new version's requests fail: to lose capital is always fair. */
export const endRun = (lane: CountLane, nFresh: number, xFresh: number): void => {
  if (xFresh >= SEVERE * nFresh) return;
  for (let k = 0; k < COUNT_STEPS; k += 1) if ((lane.sums[k] ?? 0) > 0) lane.sums[k] = 0;
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
  const cluster = Math.max(lane.cluster, SEVERE * nFresh);
  const fresh = xFresh / cluster;
  const all = (xFresh + xStable) / cluster;
  const base = r0 * nFresh;
  for (let k = 0; k < COUNT_STEPS; k += 1) {
    // ln((base g + n_s) / (base + n_s)), kept exact where the new version's part is tiny.
    const worse = Math.log1p((base * ((COUNTS[k] ?? 1) - 1)) / (base + nStable));
    const log = fresh * (LOG_COUNTS[k] ?? 0) - all * worse;
    lane.sums[k] = (lane.sums[k] ?? 0) + Math.min(log, lane.cap);
  }
};

/** Mean of the likelihood ratios; 0 where it is surely below `least`, which spares the exponentials. */
export const countEvidence = (lane: CountLane, least = 0): number => {
  let largest = -Infinity;
  for (const sum of lane.sums) if (sum > largest) largest = sum;
  if (largest < 0 ? least > 1 : Math.exp(Math.min(largest, 700)) < least) return 0;
  let sum = 0;
  for (const value of lane.sums) sum += Math.exp(value - largest);
  return Math.exp(Math.min(largest, 700)) * (sum / COUNT_STEPS);
};
