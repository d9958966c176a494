/**
 * This project's gate in a last stage of 95 % with the stable version kept beside it (`holdback`): the lanes of the
 * error test and lane H, weighted as `release/core/gate/holdback.ts` says. Below 20 requests a second lane H is off.
 */

import {
  addWindow,
  isEnough,
  LANE_WEIGHTS,
  openErrorTest,
  passesFloor,
} from '../../../release/core/gate/errors.ts';
import {
  addHold,
  historyLimit,
  holdEvidence,
  HOLDBACK_WEIGHTS,
  openHold,
  SLOWEST_FOR_HOLDBACK,
} from '../../../release/core/gate/holdback.ts';
import type { Traffic } from '../traffic.ts';
import { STEP_SECONDS, STEPS, type Workload } from '../workloads.ts';
import { countMatters, OUR_DEFAULTS, warmUpWindows } from './ours.ts';
import type { Rule } from './rule.ts';

/** What an hour before the release says, where errors come one by one: as much as is expected. */
const limitOf = ({ rate, errors }: Workload): number | null => {
  const requests = rate * STEPS * STEP_SECONDS;
  const mean = rate * STEP_SECONDS * errors;
  const baseline = {
    requests,
    errors: requests * errors,
    seconds: STEPS * STEP_SECONDS,
    p50: undefined,
    p95: undefined,
    p99: undefined,
    errorWindows: Array.from({ length: STEPS }, () => mean),
  };
  return historyLimit(baseline, { mean, largest: mean, sd: Math.sqrt(mean) });
};

const limits = new WeakMap<Workload, number | null>();

const limitBefore = (workload: Workload): number | null => {
  const known = limits.get(workload);
  if (known !== undefined) return known;
  const limit = limitOf(workload);
  limits.set(workload, limit);
  return limit;
};

export const lastStage = (name: string): Rule => ({
  name,
  source: 'release/core/gate/holdback.ts',
  undecided: false,
  judge: ({ workload, steps, before }: Traffic): number => {
    const { alpha, r0, burstSeconds, windowSeconds, atLeastPerMinute } = OUR_DEFAULTS;
    const windowMs = windowSeconds * 1000;
    const limit = workload.rate >= SLOWEST_FOR_HOLDBACK ? limitBefore(workload) : null;
    const weights = limit === null ? LANE_WEIGHTS : HOLDBACK_WEIGHTS;
    const test = openErrorTest({
      alpha,
      r0,
      burstMs: burstSeconds * 1000,
      windowMs,
      atLeastPerMinute,
      reference: before.steps,
      weights: countMatters(steps.fresh, steps.freshBad) ? weights : { ...weights, count: 0 },
    });
    const hold = limit === null ? undefined : openHold(limit, test.gap, windowMs);
    for (let i = warmUpWindows(windowSeconds); i < STEPS; i += 1) {
      const n = steps.fresh[i] ?? 0;
      const x = steps.freshBad[i] ?? 0;
      const m = steps.stable[i] ?? 0;
      const y = steps.stableBad[i] ?? 0;
      addWindow(test, n, x, m, y);
      if (hold !== undefined) addHold(hold, n, x, m, y);
      if (x === 0 && test.slow.windows > 0) continue;
      const held = hold !== undefined && HOLDBACK_WEIGHTS.hold * holdEvidence(hold) >= test.limit;
      if ((held || isEnough(test)) && passesFloor(test)) return i + 1;
    }
    return 0;
  },
});
