/**
 * Kayenta (Spinnaker's automated canary analysis) with its judge NetflixACAJudge and the recommended settings.
 *
 * - The judge classifies with a Mann-Whitney interval at 98 % and a tolerance of 0.25: High when the interval's lower
 *   end is above a quarter of the estimated shift and the mean ratio is at least 1, where there is one
 *   (NetflixACAJudge.scala, MannWhitneyClassifier.scala, EffectSizes.scala; pinned by ClassifierSuite.scala).
 *   Samples that are equal, or one value in all, pass before any test.
 * - Settings from Spinnaker's "Best practices for configuring canary": against a baseline of the same size and age, not
 *   against production; at least 50 points a run: here 60, one a minute; an interval of one hour: one verdict.
 * - The metric is errors in percent of requests, direction `increase`; a minute without requests gives NaN, replaced
 *   by 0 (docs/canary-config.md, `nanStrategy: replace`, for metrics that have no data when nothing fails).
 * - One metric: classified High it scores 0, and the canary fails.
 */

import type { Traffic } from '../traffic.ts';
import type { Rule } from './rule.ts';
import { rankDifference, shiftInterval } from './mann-whitney.ts';
import { STEPS } from '../workloads.ts';

/** 99 % point of the standard normal distribution: 98 %, two-sided. */
const Z = 2.3263478740408408;
const TOLERANCE = 0.25;

const mean = (values: Float64Array): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
};

const sameValues = (x: Float64Array, y: Float64Array): boolean => {
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i += 1) if (x[i] !== y[i]) return false;
  return true;
};

/** Whether `experiment` is classified High against `control`. Both sorted upwards. */
export const isHigh = (
  experiment: Float64Array,
  control: Float64Array,
  tolerance = TOLERANCE,
  z = Z,
): boolean => {
  if (experiment.length === 0 || control.length === 0 || sameValues(experiment, control)) return false;
  const flat = (values: Float64Array): boolean => values[0] === values[values.length - 1];
  // Two constants are told apart by noise of a hundred-thousandth that is added to both: by their values, that is.
  if (flat(experiment) && flat(control)) return (experiment[0] ?? 0) > (control[0] ?? 0);
  // The lower end cannot be above zero where a shift just below zero is already too large: spares the root search.
  if (rankDifference(-3e-4, z, experiment, control) < 0) return false;
  const { low, estimate } = shiftInterval(experiment, control, z);
  if (!(low > tolerance * Math.abs(estimate))) return false;
  const usual = mean(control);
  const now = mean(experiment);
  return usual === 0 || now === 0 || now / usual >= 1;
};

const percentages = (requests: Float64Array, bad: Float64Array, into: Float64Array): Float64Array => {
  for (let i = 0; i < into.length; i += 1) {
    const n = requests[i] ?? 0;
    into[i] = n === 0 ? 0 : ((bad[i] ?? 0) / n) * 100;
  }
  return into.sort();
};

export const kayenta = (name: string): Rule => {
  const experiment = new Float64Array(STEPS / 6);
  const control = new Float64Array(STEPS / 6);
  return {
    name,
    source: 'spinnaker/kayenta NetflixACAJudge.scala; spinnaker.io canary best practices',
    undecided: false,
    judge: ({ minutes }: Traffic): number => {
      percentages(minutes.fresh, minutes.freshBad, experiment);
      percentages(minutes.baseline, minutes.baselineBad, control);
      return isHigh(experiment, control) ? STEPS : 0;
    },
  };
};
