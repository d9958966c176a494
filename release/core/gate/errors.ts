/**
 * The error test: is the new version's error rate more than `r0` times the stable version's?
 * Valid at every look: for a release at or below `r0` the chance that `fails` is ever true is at most `alpha`.
 *
 * Three lanes are tested side by side, and the union bound joins them (`release/core/gate/lanes.ts`):
 * lane R bets on the share of errors and does not mind bursts, lane S does so by the minute for small regressions,
 * lane C counts errors and sees at once when a tenth of all requests and more fail.
 * The state is plain JSON. `addWindow` changes it in place (simulation, and the pure gate on its own copy).
 */
import {
  addCounts,
  BETS,
  countEvidence,
  dropSlow,
  endRun,
  growShare,
  growSlow,
  HOLDS_A_BURST,
  isSuspicious,
  openCount,
  openShare,
  openSlow,
  shareEvidence,
  WARY,
  type CountLane,
  type ShareLane,
  type SlowLane,
} from './lanes.ts';

export interface ErrorTestSettings {
  /** Highest chance that a healthy release fails, 0 < alpha < 1. */
  readonly alpha: number;
  /** Ratio of error rates up to which a release is healthy, at least 1. */
  readonly r0: number;
  /** Longest burst of errors from one cause that the bound covers, ms. */
  readonly burstMs: number;
  readonly windowMs: number;
  /** Excess errors a minute, projected to full traffic, below which nothing fails. */
  readonly atLeastPerMinute: number;
  /** Error counts of the stable version's windows before the release; without it the smallest correction is used. */
  readonly reference?: {
    readonly mean: number;
    readonly largest: number;
    readonly sd?: number;
  };
  /** Errors that count as one in lane C, where it is known already; otherwise from `reference`. */
  readonly cluster?: number;
  /** How alpha is divided over the lanes; the sum is at most 1. */
  readonly weights?: LaneWeights;
}

export interface LaneWeights {
  readonly share: number;
  /** Goes to `share` where windows are so long that lane S is the same. */
  readonly slow: number;
  /** 0: the lane is closed. */
  readonly count: number;
}

export interface ErrorTestState {
  readonly limit: number;
  readonly r0: number;
  /** Windows left out after a counted window with errors of the new version. */
  readonly gap: number;
  readonly minutesAWindow: number;
  readonly floor: number;
  readonly weights: LaneWeights;
  readonly share: ShareLane;
  readonly slow: SlowLane;
  readonly count: CountLane;
  /** Windows still to be left out. */
  left: number;
  /** Where no window is left out: the last one may hold a whole burst, which may go on in the next. */
  wary: boolean;
  windows: number;
  skipped: number;
  requestsFresh: number;
  badFresh: number;
  requestsStable: number;
  badStable: number;
  /** Mantel-Haenszel sums over windows: they compare like with like when the share changes between stages. */
  both: number;
  crossFresh: number;
  crossStable: number;
}

export const LANE_WEIGHTS = { share: 0.75, slow: 0.1, count: 0.15 } as const;
export const SMALLEST_CORRECTION = 5;

/** Windows to leave out after one with errors: none where a window is long enough to hold a whole burst. */
export const skipGap = (burstMs: number, windowMs: number): number =>
  windowMs >= HOLDS_A_BURST * burstMs ? 0 : Math.ceil(burstMs / windowMs);

/** By how much counts are divided: the largest cluster seen before the release beyond plain chance. */
export const clusterSize = (reference: { mean: number; largest: number } | undefined): number =>
  reference === undefined
    ? SMALLEST_CORRECTION
    : Math.max(SMALLEST_CORRECTION, reference.largest - reference.mean - 4 * Math.sqrt(reference.mean));

const weightsOf = (weights: LaneWeights, slow: SlowLane): LaneWeights =>
  slow.many > 0 ? weights : { ...weights, share: weights.share + weights.slow, slow: 0 };

export const openErrorTest = (settings: ErrorTestSettings): ErrorTestState => {
  const { burstMs, windowMs } = settings;
  const slow = openSlow(burstMs, windowMs);
  const cluster = settings.cluster ?? clusterSize(settings.reference);
  return {
    limit: 1 / settings.alpha,
    r0: settings.r0,
    gap: skipGap(burstMs, windowMs),
    minutesAWindow: windowMs / 60_000,
    floor: settings.atLeastPerMinute,
    weights: weightsOf(settings.weights ?? LANE_WEIGHTS, slow),
    share: openShare(BETS),
    slow,
    count: openCount(cluster, burstMs, windowMs),
    left: 0,
    wary: false,
    windows: 0,
    skipped: 0,
    requestsFresh: 0,
    badFresh: 0,
    requestsStable: 0,
    badStable: 0,
    both: 0,
    crossFresh: 0,
    crossStable: 0,
  };
};

/** Adds one window, in place. Counts are whole numbers of requests; more errors than requests count as requests. */
export const addWindow = (
  state: ErrorTestState,
  nFresh: number,
  xFresh: number,
  nStable: number,
  xStable: number,
): void => {
  const nc = nFresh < xFresh ? xFresh : nFresh;
  const ns = nStable < xStable ? xStable : nStable;
  state.windows += 1;
  state.requestsFresh += nc;
  state.badFresh += xFresh;
  state.requestsStable += ns;
  state.badStable += xStable;
  const n = nc + ns;
  if (n > 0) {
    const part = ns / n;
    state.both += nc * part;
    state.crossFresh += xFresh * part;
    if (xStable > 0) state.crossStable += xStable * (nc / n);
  }
  const telling = nc > 0 && ns > 0 && xFresh + xStable > 0;
  if (state.slow.many > 0) growSlow(state.slow, state.r0, nc, xFresh, ns, xStable);
  if (state.weights.count > 0) {
    endRun(state.count, nc, xFresh);
    if (telling) addCounts(state.count, state.r0, nc, xFresh, ns, xStable);
  }
  if (state.left > 0) {
    state.left -= 1;
    state.skipped += 1;
    return;
  }
  const { wary } = state;
  state.wary = false;
  if (!telling) return;
  const y = xFresh / (xFresh + xStable);
  const q = (state.r0 * nc) / (state.r0 * nc + ns);
  growShare(state.share, BETS, y, q, wary ? WARY : 1);
  if (xFresh > 0) state.left = state.gap;
  state.wary = state.gap === 0 && isSuspicious(y, q);
};

/** Time that passed without a window to count: a burst ends meanwhile, and a long window must not reach across. */
export const passWindows = (state: ErrorTestState, windows: number): void => {
  state.left = Math.max(0, state.left - windows);
  if (windows === 0) return;
  state.wary = false;
  dropSlow(state.slow);
};

/** Weighted evidence against the new version: 1 at the start, `fails` at `limit`. Never more than 1e300. */
export const eValue = (state: ErrorTestState): number =>
  Math.min(
    1e300,
    Math.max(
      state.weights.share * shareEvidence(state.share),
      state.weights.slow * shareEvidence(state.slow),
      state.weights.count * countEvidence(state.count),
    ),
  );

/** Whether the evidence has reached the limit: `eValue >= limit`, without working out more than that takes. */
export const isEnough = ({ share, slow, count, weights, limit }: ErrorTestState): boolean =>
  weights.share * shareEvidence(share) >= limit ||
  weights.slow * shareEvidence(slow) >= limit ||
  (weights.count > 0 && weights.count * countEvidence(count, limit / weights.count) >= limit);

/** Excess errors a minute if all traffic went to the new version; negative where it fails less. */
export const excessPerMinute = (state: ErrorTestState): number =>
  state.both === 0 || state.windows === 0
    ? 0
    : ((state.crossFresh - state.crossStable) / state.both) *
      ((state.requestsFresh + state.requestsStable) / (state.windows * state.minutesAWindow));

export const passesFloor = (state: ErrorTestState): boolean => excessPerMinute(state) >= state.floor;

export const fails = (state: ErrorTestState): boolean => isEnough(state) && passesFloor(state);
