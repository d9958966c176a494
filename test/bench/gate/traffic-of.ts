/** Traffic written by hand, to show a rule one situation. */

import { emptyTraffic, type Series, type Traffic } from '../../../bench/gate/traffic.ts';
import { regressions } from '../../../bench/gate/workloads.ts';

/** Requests and bad requests of the new version by the minute. */
export type Minutes = readonly (readonly [requests: number, bad: number])[];

/** An hour: the minutes given, then none; the stable version has `stable` good requests in each minute given. */
export const trafficOf = (minutes: Minutes, stable = 0): Traffic => {
  const workload = regressions(0.05).find(({ rate, errors }) => rate === 100 && errors === 0.001);
  if (workload === undefined) throw new Error('no workload at 100/s and 0.1 %');
  const traffic = emptyTraffic(workload);
  for (const [m, [requests, bad]] of minutes.entries()) {
    traffic.minutes.fresh[m] = requests;
    traffic.minutes.freshBad[m] = bad;
    traffic.minutes.stable[m] = stable;
    traffic.minutes.baseline[m] = stable;
    for (let i = 6 * m; i < 6 * m + 6; i += 1) {
      traffic.steps.fresh[i] = requests / 6;
      traffic.steps.freshBad[i] = bad / 6;
      traffic.steps.stable[i] = stable / 6;
      traffic.steps.baseline[i] = stable / 6;
    }
  }
  return traffic;
};

export const minutesOf = (minutes: Minutes): Series => trafficOf(minutes).minutes;
