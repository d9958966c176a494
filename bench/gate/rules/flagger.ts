/**
 * Flagger, the documented example (docs/gitbook/usage/deployment-strategies.md and README: `interval: 1m`,
 * `threshold: 10`, request-success-rate `thresholdRange.min: 99`) and the defaults of its code
 * (pkg/apis/flagger/v1beta1/canary.go: interval 60 s, threshold 1).
 *
 * - Each check that fails adds one to `failedChecks`; nothing takes it away again until the revision changes
 *   (pkg/controller/scheduler.go, advanceCanary). So ten failures in all, not in a row.
 * - A success rate of exactly the minimum passes (`val < *tr.Min` fails, scheduler_metrics.go).
 * - No requests in the minute: the query gives NaN, which is "no values found", which is a failed check
 *   (pkg/metrics/providers/prometheus.go, prometheus_test.go "NaN result"; scheduler_metrics.go).
 * - The documentation gives `interval * threshold` as the time to roll back, and so does this rule. In the code the
 *   rollback comes with the next tick, an interval later, so this is in its favour.
 */

import type { Traffic } from '../traffic.ts';
import { STEPS_A_MINUTE, type Rule } from './rule.ts';

export const FLAGGER_EXAMPLE = { threshold: 10, minimum: 99 } as const;
export const FLAGGER_DEFAULTS = { threshold: 1, minimum: 99 } as const;

/** Whether a minute's check fails: success rate in percent below the minimum, or no values. */
export const checkFails = (requests: number, bad: number, minimum: number): boolean => {
  const value = ((requests - bad) / requests) * 100;
  return Number.isNaN(value) || value < minimum;
};

export const flagger = (name: string, settings: { threshold: number; minimum: number }): Rule => ({
  name,
  source: 'fluxcd/flagger docs/gitbook/usage/deployment-strategies.md, pkg/controller/scheduler.go',
  undecided: false,
  judge: ({ minutes }: Traffic): number => {
    let failed = 0;
    for (let m = 0; m < minutes.fresh.length; m += 1) {
      if (checkFails(minutes.fresh[m] ?? 0, minutes.freshBad[m] ?? 0, settings.minimum)) failed += 1;
      if (failed >= settings.threshold) return (m + 1) * STEPS_A_MINUTE;
    }
    return 0;
  },
});
