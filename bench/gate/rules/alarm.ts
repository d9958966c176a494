/**
 * An alarm on the new version's error rate that stops a deployment, as AWS CodeDeploy and Amazon ECS do it: the
 * deployment rolls back as soon as a CloudWatch alarm is in ALARM (CodeDeploy user guide, "Monitoring deployments with
 * CloudWatch alarms"; ECS developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures").
 *
 * - Periods of one minute, `GreaterThanThreshold`, "N out of N datapoints to alarm" (CloudWatch user guide, "Alarm
 *   evaluation"). A rate of exactly the threshold does not breach.
 * - Minutes without requests are missing data, treated as `notBreaching`, which that guide advises for metrics of errors
 *   ("Configuring how CloudWatch alarms treat missing data").
 * - Thresholds: `fixed` is 1 % (also the 99 % of Flagger's examples); `tuned` is five times the stable version's
 *   usual rate, but at least 0.1 %.
 * - Data is there at the end of each minute; really it comes later, so this is in its favour.
 */

import type { Traffic } from '../traffic.ts';
import { STEPS_A_MINUTE, type Rule } from './rule.ts';

export const FIXED = 0.01;
export const tuned = (usualErrors: number): number => Math.max(5 * usualErrors, 0.001);

/** Minutes after which the alarm goes off: the last `needed` minutes all above the threshold. 0: never. */
export const alarmAt = (
  requests: ArrayLike<number>,
  bad: ArrayLike<number>,
  threshold: number,
  needed: number,
): number => {
  let breaching = 0;
  for (let m = 0; m < requests.length; m += 1) {
    const n = requests[m] ?? 0;
    breaching = n > 0 && (bad[m] ?? 0) / n > threshold ? breaching + 1 : 0;
    if (breaching >= needed) return m + 1;
  }
  return 0;
};

export const alarm = (
  name: string,
  settings: { readonly needed: number; readonly threshold: 'fixed' | 'tuned' },
): Rule => ({
  name,
  source: 'AWS CodeDeploy user guide; Amazon CloudWatch user guide',
  undecided: false,
  judge: ({ workload, minutes }: Traffic): number => {
    const threshold = settings.threshold === 'fixed' ? FIXED : tuned(workload.errors);
    return alarmAt(minutes.fresh, minutes.freshBad, threshold, settings.needed) * STEPS_A_MINUTE;
  },
});
