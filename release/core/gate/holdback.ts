import type { Baseline } from '../../ports/metrics.ts';
import { BETS, growShare, openShare, shareEvidence, type ShareLane } from './lanes.ts';
import type { Reference } from './window.ts';

/**
 * Lane H: in the last stage most traffic is the new version's and lane R is slow, because the share of errors can
 * hardly grow. This lane bets on the new version's error rate against the highest rate that the past or the stable
 * version beside it can explain. Measured, not proved: it is a third lane beside the two that hold by proof.
 */
export interface HoldLane extends ShareLane {
  readonly gap: number;
  left: number;
  /** Stable version's recent windows, oldest first: requests and errors in turn. */
  readonly recent: number[];
  readonly long: number;
  readonly short: number;
  readonly limit: number;
}

/** How alpha is divided where a holdback is configured. */
export const HOLDBACK_WEIGHTS = { share: 0.6, slow: 0.1, count: 0.1, hold: 0.2 } as const;
/** Requests per second below which the lane stays off: false rollbacks in a failing dependency reach 85 % at 1. */
export const SLOWEST_FOR_HOLDBACK = 20;
const MARGIN = 1.5;
const CAP = 20;
/** One-sided 99.5 % limit of a normal variable. */
const Z = 2.576;

/** Upper 99.5 % limit of the error rate before the release, wide enough for the clusters seen then. */
export const historyLimit = (baseline: Baseline, reference: Reference | undefined): number | null => {
  if (!(baseline.requests > 0)) return null;
  const windows = baseline.errorWindows.length;
  const variance = Math.max(baseline.errors, reference === undefined ? 0 : windows * reference.sd ** 2);
  // The added Z^2 keeps the limit above zero, and right enough, where few or no errors were seen.
  return (baseline.errors + Z * Math.sqrt(variance) + Z * Z) / baseline.requests;
};

export const openHold = (limit: number, gap: number, windowMs: number): HoldLane => ({
  ...openShare(BETS),
  gap,
  left: 0,
  recent: [],
  long: Math.min(60, Math.max(10, Math.ceil(600_000 / windowMs))),
  short: Math.min(6, Math.max(1, Math.ceil(60_000 / windowMs))),
  limit,
});

/** Adds one window of the last stage, in place. */
export const addHold = (
  lane: HoldLane,
  nFresh: number,
  xFresh: number,
  nStable: number,
  xStable: number,
): void => {
  lane.recent.push(nStable, xStable);
  if (lane.recent.length > 2 * lane.long) lane.recent.splice(0, 2);
  if (lane.left > 0) {
    lane.left -= 1;
    return;
  }
  if (nFresh === 0) return;
  const rate = MARGIN * Math.max(lane.limit, recentRate(lane, lane.long), recentRate(lane, lane.short));
  growShare(lane, BETS, Math.min(CAP, xFresh / (nFresh * rate)), 1);
  if (xFresh > 0) lane.left = lane.gap;
};

const recentRate = (lane: HoldLane, windows: number): number => {
  let requests = 0;
  let errors = 0;
  for (let k = Math.max(0, lane.recent.length - 2 * windows); k < lane.recent.length; k += 2) {
    requests += lane.recent[k] ?? 0;
    errors += lane.recent[k + 1] ?? 0;
  }
  return requests > 0 ? errors / requests : 0;
};

export const holdEvidence = (lane: HoldLane): number => shareEvidence(lane);
