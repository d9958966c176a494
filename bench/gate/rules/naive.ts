/**
 * What one writes without thinking of it: a one-sided two-sample z-test for proportions (pooled variance) at a nominal
 * 1 %, on all requests so far, looked at after every window. Each look by itself is right 99 times in 100.
 */

import type { Traffic } from '../traffic.ts';
import { STEPS_A_MINUTE, type Rule } from './rule.ts';

/** 99 % point of the standard normal distribution. */
export const Z_99 = 2.3263478740408408;

/** The z statistic for "the new version fails more often"; 0 where it cannot be worked out. */
export const zStatistic = (freshBad: number, fresh: number, stableBad: number, stable: number): number => {
  const pooled = (freshBad + stableBad) / (fresh + stable);
  const variance = pooled * (1 - pooled) * (1 / fresh + 1 / stable);
  return variance > 0 ? (freshBad / fresh - stableBad / stable) / Math.sqrt(variance) : 0;
};

export const naive = (name: string, windowSeconds: 10 | 60): Rule => ({
  name,
  source: 'any textbook',
  undecided: false,
  judge: (traffic: Traffic): number => {
    const series = windowSeconds === 60 ? traffic.minutes : traffic.steps;
    let [n, x, m, y] = [0, 0, 0, 0];
    for (let i = 0; i < series.fresh.length; i += 1) {
      const bad = series.freshBad[i] ?? 0;
      n += series.fresh[i] ?? 0;
      x += bad;
      m += series.stable[i] ?? 0;
      y += series.stableBad[i] ?? 0;
      // Where everything fails in both, or nothing does, there is no difference to see.
      if (x > 0 && n > 0 && m > 0 && zStatistic(x, n, y, m) > Z_99) {
        return (i + 1) * (windowSeconds === 60 ? STEPS_A_MINUTE : 1);
      }
    }
    return 0;
  },
});
