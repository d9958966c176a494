import { addWindow, eValue, openErrorTest, passesFloor, passWindows, type ErrorTestState } from './errors.ts';
import { addHold, holdEvidence, openHold, type HoldLane } from './holdback.ts';
import type { GateTerms, MetricTerms } from './terms.ts';

/** The test of one metric of one service, and whether it has failed: once failed, always failed. */
export interface MetricState {
  readonly test: ErrorTestState;
  readonly hold: HoldLane | null;
  /** End of the window with which it failed, and the evidence then. */
  failed: { readonly at: number; readonly evidence: number } | null;
}

export const openMetric = (terms: GateTerms, metric: MetricTerms): MetricState => {
  const test = openErrorTest({
    alpha: terms.alpha / terms.tests,
    r0: metric.r0,
    burstMs: terms.burst,
    windowMs: terms.window,
    atLeastPerMinute: metric.atLeastPerMinute,
    cluster: metric.cluster,
    weights: metric.weights,
  });
  const hold = metric.holdLimit === null ? null : openHold(metric.holdLimit, test.gap, terms.window);
  return { test, hold, failed: null };
};

/** A copy that may be changed in place. */
export const copyMetric = (metric: MetricState): MetricState => ({
  test: {
    ...metric.test,
    share: { capital: [...metric.test.share.capital], scale: metric.test.share.scale },
    slow: { ...metric.test.slow, capital: [...metric.test.slow.capital] },
    count: { ...metric.test.count, sums: [...metric.test.count.sums] },
  },
  hold:
    metric.hold === null
      ? null
      : { ...metric.hold, capital: [...metric.hold.capital], recent: [...metric.hold.recent] },
  failed: metric.failed,
});

/** Evidence of all lanes, weighted: fails at `test.limit`. */
export const evidenceOf = (metric: MetricState, holdWeight: number): number =>
  metric.hold === null
    ? eValue(metric.test)
    : Math.min(1e300, Math.max(eValue(metric.test), holdWeight * holdEvidence(metric.hold)));

/** Adds one window, in place. `last`: of the last stage, in which lane H bets too. */
export const addToMetric = (
  metric: MetricState,
  terms: MetricTerms,
  window: { readonly at: number; readonly last: boolean; readonly fresh: number; readonly stable: number },
  badFresh: number,
  badStable: number,
): void => {
  addWindow(metric.test, window.fresh, badFresh, window.stable, badStable);
  if (metric.hold !== null && window.last)
    addHold(metric.hold, window.fresh, badFresh, window.stable, badStable);
  if (metric.failed !== null) return;
  const evidence = evidenceOf(metric, terms.weights.hold);
  if (evidence >= metric.test.limit && passesFloor(metric.test)) metric.failed = { at: window.at, evidence };
};

/** Windows that were left out or never came: a burst ends meanwhile. */
export const passMetric = (metric: MetricState, windows: number): void => {
  passWindows(metric.test, windows);
  if (metric.hold !== null) metric.hold.left = Math.max(0, metric.hold.left - windows);
};
