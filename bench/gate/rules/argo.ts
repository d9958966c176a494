/**
 * Argo Rollouts, the documented example of a background analysis (docs/features/analysis.md, "Background Analysis"):
 * every five minutes the success rate from Prometheus, `successCondition: result[0] >= 0.95`, `failureLimit: 3`.
 *
 * - The text says "three such measurements"; the code fails when failures are *more* than the limit, so at the fourth
 *   (analysis/analysis.go, assessMetricFailureInconclusiveOrError; pinned by TestAssessMetricStatusFailureLimit).
 *   Failures need not follow one another.
 * - Without a failure condition a measurement that is not a success is a failure (utils/evaluate/evaluate.go), also
 *   when no requests make it NaN (metricproviders/prometheus/prometheus_test.go, TestProcessNaNResponse).
 * - The query takes `irate(…[5m])`: the last two samples. With Prometheus' default scrape interval of one minute that
 *   is the last minute. `mean` takes all five minutes, as many people write it (`rate`).
 * - The first measurement that sees the new version is taken one interval into the release; the example itself
 *   starts later (`startingStep: 2`), so this is in its favour.
 */

import type { Series, Traffic } from '../traffic.ts';
import { STEPS_A_MINUTE, type Rule } from './rule.ts';

export const ARGO_EXAMPLE = { intervalMinutes: 5, successRate: 0.95, failureLimit: 3 } as const;

export type ArgoQuery = 'irate' | 'mean';

/** Success rate that the query gives `minute` minutes into the release; NaN without requests. */
export const successRate = (minutes: Series, minute: number, query: ArgoQuery): number => {
  let requests = 0;
  let bad = 0;
  for (let m = query === 'irate' ? minute - 1 : minute - ARGO_EXAMPLE.intervalMinutes; m < minute; m += 1) {
    requests += minutes.fresh[m] ?? 0;
    bad += minutes.freshBad[m] ?? 0;
  }
  return (requests - bad) / requests;
};

/** Which measurement (1, 2, …) makes the analysis fail; 0: none does. */
export const failingMeasurement = (values: readonly number[], failureLimit: number): number => {
  let failed = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (!((values[i] ?? NaN) >= ARGO_EXAMPLE.successRate)) failed += 1;
    if (failureLimit >= 0 && failed > failureLimit) return i + 1;
  }
  return 0;
};

export const argo = (name: string, query: ArgoQuery): Rule => {
  const values: number[] = [];
  return {
    name,
    source: 'argoproj/argo-rollouts docs/features/analysis.md, analysis/analysis.go',
    undecided: false,
    judge: ({ minutes }: Traffic): number => {
      const { intervalMinutes, failureLimit } = ARGO_EXAMPLE;
      values.length = 0;
      for (let m = intervalMinutes; m <= minutes.fresh.length; m += intervalMinutes) {
        values.push(successRate(minutes, m, query));
      }
      return failingMeasurement(values, failureLimit) * intervalMinutes * STEPS_A_MINUTE;
    },
  };
};
