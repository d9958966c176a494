/** Rivals pinned by cases from their own tests and documentation. */

import { describe, expect, it } from 'vitest';
import { alarm, alarmAt, tuned } from '../../../bench/gate/rules/alarm.ts';
import { argo, failingMeasurement, successRate } from '../../../bench/gate/rules/argo.ts';
import { checkFails, flagger, FLAGGER_DEFAULTS, FLAGGER_EXAMPLE } from '../../../bench/gate/rules/flagger.ts';
import { naive, Z_99, zStatistic } from '../../../bench/gate/rules/naive.ts';
import { minutesOf, trafficOf } from './traffic-of.ts';

describe("Argo Rollouts' example", () => {
  // TestAssessMetricStatusFailureLimit: 3 failures fail a limit of 2, and leave a limit of 3 running.
  it('fails with the third failure at a limit of 2, not yet at a limit of 3', () => {
    expect(failingMeasurement([0.9, 0.9, 0.9], 2)).toBe(3);
    expect(failingMeasurement([0.9, 0.9, 0.9], 3)).toBe(0);
    expect(failingMeasurement([0.9, 0.9, 0.9, 0.9], 3)).toBe(4);
  });

  // TestAssessMetricFailureInconclusiveOrError: 1 failure is more than the default limit of 0.
  it('fails with the first failure at the default limit of 0, and never at a limit of -1', () => {
    expect(failingMeasurement([0.9], 0)).toBe(1);
    expect(failingMeasurement([0.9, 0.9, 0.9], -1)).toBe(0);
  });

  it('counts failures that do not follow one another', () => {
    expect(failingMeasurement([0.9, 1, 0.9, 1, 0.9, 1, 0.9], 3)).toBe(7);
  });

  it('takes exactly 95 % as a success', () => {
    expect(failingMeasurement([0.95], 0)).toBe(0);
  });

  // TestProcessNaNResponse, "failure": with a success condition only, NaN is a failed measurement.
  it('takes no requests (NaN) as a failure', () => {
    expect(successRate(minutesOf([]), 5, 'irate')).toBeNaN();
    expect(failingMeasurement([NaN], 0)).toBe(1);
  });

  it('looks at the last minute with irate, at all five with a mean', () => {
    const minutes = minutesOf([
      [100, 50],
      [100, 0],
      [100, 0],
      [100, 0],
      [100, 10],
    ]);
    expect(successRate(minutes, 5, 'irate')).toBeCloseTo(0.9, 12);
    expect(successRate(minutes, 5, 'mean')).toBeCloseTo(0.88, 12);
  });

  it('rolls total failure back at the fourth measurement: 20 minutes', () => {
    const failing = trafficOf(Array.from({ length: 60 }, () => [300, 300] as const));
    expect(argo('argo', 'irate').judge(failing) * 10).toBe(1200);
    expect(argo('argo', 'mean').judge(failing) * 10).toBe(1200);
  });

  it('sees nothing below 5 % errors', () => {
    const worse = trafficOf(Array.from({ length: 60 }, () => [10_000, 499] as const));
    expect(argo('argo', 'irate').judge(worse)).toBe(0);
  });
});

describe('Flagger', () => {
  it('passes a success rate of exactly 99 %, and fails one below', () => {
    expect(checkFails(100, 1, 99)).toBe(false);
    expect(checkFails(1_000, 11, 99)).toBe(true);
  });

  // prometheus_test.go, "NaN result": no values found, which is a failed check.
  it('takes a minute without requests as a failed check', () => {
    expect(checkFails(0, 0, 99)).toBe(true);
  });

  it('rolls back after interval times threshold: 10 minutes in the example, 1 by the code’s defaults', () => {
    const failing = trafficOf(Array.from({ length: 60 }, () => [300, 300] as const));
    expect(flagger('f', FLAGGER_EXAMPLE).judge(failing) * 10).toBe(600);
    expect(flagger('f', FLAGGER_DEFAULTS).judge(failing) * 10).toBe(60);
  });

  it('never forgets a failed check: ten, scattered over the hour, roll back', () => {
    const scattered = trafficOf(Array.from({ length: 60 }, (_, m) => [100, m % 5 === 0 ? 50 : 0] as const));
    expect(flagger('f', FLAGGER_EXAMPLE).judge(scattered) * 10).toBe(46 * 60);
  });
});

describe('an alarm of 3 of 3 minutes', () => {
  it('goes off with the third breaching minute in a row', () => {
    expect(alarmAt([100, 100, 100, 100], [0, 5, 5, 5], 0.01, 3)).toBe(4);
    expect(alarmAt([100, 100, 100, 100, 100], [5, 5, 0, 5, 5], 0.01, 3)).toBe(0);
  });

  it('is not breached by a rate of exactly the threshold (GreaterThanThreshold)', () => {
    expect(alarmAt([100, 100, 100], [1, 1, 1], 0.01, 3)).toBe(0);
  });

  it('takes minutes without requests as within the threshold (notBreaching)', () => {
    expect(alarmAt([100, 0, 100, 100], [100, 0, 100, 100], 0.01, 3)).toBe(0);
  });

  it('needs 3 minutes for total failure, with either threshold', () => {
    const failing = trafficOf(Array.from({ length: 60 }, () => [300, 300] as const));
    expect(alarm('a', { needed: 3, threshold: 'fixed' }).judge(failing) * 10).toBe(180);
    expect(alarm('a', { needed: 3, threshold: 'tuned' }).judge(failing) * 10).toBe(180);
    expect(alarm('a', { needed: 1, threshold: 'fixed' }).judge(failing) * 10).toBe(60);
  });

  it('is tuned to five times the usual rate, at least 0.1 %', () => {
    expect([tuned(0), tuned(0.001), tuned(0.01)]).toEqual([0.001, 0.005, 0.05]);
  });
});

describe('the naive z-test', () => {
  it('is the pooled two-proportion statistic', () => {
    // 15 of 100 against 5 of 100: pooled 0.1, z = 0.1 / sqrt(0.09 * 0.02).
    expect(zStatistic(15, 100, 5, 100)).toBeCloseTo(0.1 / Math.sqrt(0.0018), 12);
    expect(Z_99).toBeCloseTo(2.3263, 4);
  });

  it('takes one error for proof where the stable version has none', () => {
    const one = trafficOf([[3, 1]], 57);
    expect(naive('z', 60).judge(one) * 10).toBe(60);
  });

  it('says nothing where there are no errors, or only errors', () => {
    expect(zStatistic(0, 100, 0, 100)).toBe(0);
    expect(zStatistic(100, 100, 100, 100)).toBe(0);
  });
});
