/** Latency workloads: a version that is slower, watched as the part of requests above a fixed threshold. */

import { make, RATES, type Group, type Level, type Workload } from './workloads.ts';

/** Chance that a request is slower than the stable version's p95 when its (log-normal) latency is `factor` times as long. */
export const exceedance = (factor: number, spread = 0.6): number =>
  1 - normalCdf(1.6448536269514722 - Math.log(factor) / spread);

/** Abramowitz and Stegun 7.1.26 is good to 1e-7, which is plenty for a workload's rate. */
const normalCdf = (z: number): number => {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - tail * Math.exp(-x * x);
  return z >= 0 ? (1 + erf) / 2 : (1 - erf) / 2;
};

const SLOW_START_FACTOR = 5;

/** Latency, watched as the part of requests that are slower than the stable version's p95 before the release. */
export const latency = (share: number): readonly Workload[] =>
  RATES.flatMap((rate) => {
    const profile = { rate, errors: exceedance(1) };
    const both = (factor: number): Level => ({
      load: 1,
      stable: exceedance(factor),
      fresh: exceedance(factor),
    });
    const slow = (factor: number): Level => ({ ...both(1), fresh: exceedance(factor) });
    const start = (seconds: number, group: Group): Workload =>
      make(group, `slow start of ${seconds} s`, profile, share, {
        levels: [both(1), slow(SLOW_START_FACTOR)],
        when: { kind: 'from', second: 0, until: seconds },
      });
    return [
      make('latency healthy', 'same latency', profile, share, { levels: [both(1)] }),
      ...[0.6, 2].map((factor) =>
        make('latency healthy', `both ${factor}x as slow`, profile, share, { levels: [both(factor)] }),
      ),
      make('latency healthy', 'both 3x as slow after 30 min', profile, share, {
        levels: [both(1), both(3)],
        when: { kind: 'from', second: 1800, until: 3600 },
      }),
      start(10, 'latency healthy'),
      start(60, 'latency regression'),
      ...[1.2, 1.5, 2, 5].map((factor) =>
        make('latency regression', `${factor}x as slow`, profile, share, { levels: [slow(factor)] }),
      ),
    ];
  });
