/** Kayenta pinned by cases from MannWhitneySuite.scala and ClassifierSuite.scala. */

import { describe, expect, it } from 'vitest';
import { isHigh, kayenta } from '../../../bench/gate/rules/kayenta.ts';
import { rankDifference, shiftInterval } from '../../../bench/gate/rules/mann-whitney.ts';
import { trafficOf } from './traffic-of.ts';

const Z_95 = 1.9599639845400545;
const Z_98 = 2.3263478740408408;

const values = (...list: readonly number[]): Float64Array => Float64Array.from(list).sort();
/** Values with how often each occurs. */
const counted = (...pairs: readonly (readonly [value: number, times: number])[]): Float64Array =>
  values(...pairs.flatMap(([value, times]) => Array.from({ length: times }, () => value)));

describe('the Mann-Whitney interval', () => {
  it('of four against four: 6 to 39, estimate 22.5', () => {
    const found = shiftInterval(values(10, 20, 30, 40), values(1, 2, 3, 4), Z_95);
    expect(found.low).toBeCloseTo(6, 6);
    expect(found.high).toBeCloseTo(39, 6);
    expect(found.estimate).toBeCloseTo(22.5, 6);
  });

  it('ties out with R at 95 %, where half the values are tied', () => {
    const control = counted(
      [1.5, 2],
      [2, 16],
      [2.5, 18],
      [3, 16],
      [3.5, 10],
      [4, 8],
      [4.5, 4],
      [5, 6],
      [5.5, 2],
      [6, 5],
      [8, 1],
      [15.5, 1],
      [54.5, 1],
    );
    const experiment = counted(
      [1.5, 9],
      [2, 16],
      [2.5, 22],
      [3, 17],
      [3.5, 9],
      [4, 5],
      [4.5, 1],
      [5, 3],
      [5.5, 1],
      [6, 2],
      [6.5, 2],
      [7, 1],
      [7.5, 1],
      [16.5, 1],
    );
    const found = shiftInterval(experiment, control, Z_95);
    expect(found.low).toBeCloseTo(-0.500002521696696, 5);
    expect(found.high).toBeCloseTo(-3.486287505871302e-5, 5);
    expect(Math.abs(found.estimate - -0.4999393907180323)).toBeLessThan(1e-4);
  });

  it('ties out with R at 98 % on a larger sample', () => {
    const experiment = counted(
      [0.5, 20],
      [1, 41],
      [1.5, 67],
      [2, 37],
      [2.5, 3],
      [3, 2],
      [3.5, 3],
      [4, 1],
      [5, 1],
      [5.5, 3],
      [8.5, 1],
      [19, 1],
    );
    const control = counted(
      [0, 1],
      [0.5, 7],
      [1, 32],
      [1.5, 70],
      [2, 33],
      [2.5, 22],
      [3, 6],
      [3.5, 2],
      [4, 3],
      [4.5, 1],
      [5.5, 1],
      [7, 1],
      [7.5, 1],
    );
    const found = shiftInterval(experiment, control, Z_98);
    expect(found.low).toBeCloseTo(-0.4999173250549087, 5);
    expect(found.high).toBeCloseTo(-6.912685789769486e-6, 5);
    expect(Math.abs(found.estimate - -3.45044082729315e-5)).toBeLessThan(1e-4);
  });

  it('is a staircase that falls as the shift grows', () => {
    const x = values(0, 0, 0, 1, 2);
    const y = values(0, 0, 1, 1, 3);
    const steps = [-4, -2, -0.5, 0, 0.5, 2, 4].map((shift) => rankDifference(shift, 0, x, y));
    expect(steps).toEqual([...steps].sort((a, b) => b - a));
  });
});

describe('the classification', () => {
  it('is High for values ten times as high (ClassifierSuite, mean ratio: High)', () => {
    expect(isHigh(values(20, 22, 21, 25, 30), values(1, 2.2, 1.1, 2.5, 3), 0.1, Z_95)).toBe(true);
  });

  it('passes equal samples, and one value in all', () => {
    expect(isHigh(values(1, 2, 3), values(3, 2, 1))).toBe(false);
    expect(isHigh(values(0, 0, 0), values(0, 0, 0, 0))).toBe(false);
  });

  it('passes a lower experiment: only an increase counts', () => {
    expect(isHigh(values(1, 2.2, 1.1, 2.5, 3), values(20, 22, 21, 25, 30))).toBe(false);
  });

  it('tells two constants apart by their values', () => {
    expect(isHigh(counted([100, 60]), counted([0, 60]))).toBe(true);
    expect(isHigh(counted([0, 60]), counted([100, 60]))).toBe(false);
  });

  it('is High where the control is zero throughout and the experiment is not: no ratio, so it is ignored', () => {
    expect(isHigh(counted([10, 20], [20, 20], [30, 20]), counted([0, 60]))).toBe(true);
  });

  // Minutes with and without one error: what healthy releases look like at little traffic. A tie that is broken by
  // rounding once made a simulated Kayenta roll back a quarter of them.
  it('passes samples that are nearly all zeros and equally seldom not', () => {
    expect(isHigh(counted([0, 56], [33.4, 4]), counted([0, 57], [25, 3]))).toBe(false);
    expect(isHigh(counted([0, 52], [0.33, 6], [0.67, 2]), counted([0, 54], [0.34, 6]))).toBe(false);
  });
});

describe('Kayenta on a release', () => {
  it('has one verdict, after an hour', () => {
    const failing = trafficOf(
      Array.from({ length: 60 }, () => [300, 300] as const),
      300,
    );
    expect(kayenta('k').judge(failing) * 10).toBe(3600);
  });

  it('has nothing against a release without errors', () => {
    const good = trafficOf(
      Array.from({ length: 60 }, () => [300, 0] as const),
      300,
    );
    expect(kayenta('k').judge(good)).toBe(0);
  });
});
