import { describe, expect, it } from 'vitest';
import { binomialCdf, exactInterval, quantile } from '../../../bench/gate/statistics.ts';

describe('exact interval (Clopper and Pearson)', () => {
  it('agrees with the published 95 % interval for 1 of 10', () => {
    const { low, high } = exactInterval(1, 10, 0.95);
    expect(low).toBeCloseTo(0.0025, 4);
    expect(high).toBeCloseTo(0.445, 4);
  });

  it('has the closed form at no hit and at all hits', () => {
    expect(exactInterval(0, 20_000).high).toBeCloseTo(1 - 0.005 ** (1 / 20_000), 12);
    expect(exactInterval(0, 20_000).low).toBe(0);
    expect(exactInterval(50, 50).low).toBeCloseTo(0.005 ** (1 / 50), 9);
    expect(exactInterval(50, 50).high).toBe(1);
  });

  it('leaves half a percent outside at each end', () => {
    const { low, high } = exactInterval(137, 20_000);
    expect(binomialCdf(137, 20_000, high)).toBeCloseTo(0.005, 6);
    expect(1 - binomialCdf(136, 20_000, low)).toBeCloseTo(0.005, 6);
  });
});

describe('quantiles of times', () => {
  it('are the first step by which that part has ended', () => {
    expect(quantile([0, 5, 4, 1], 10, 0.5)).toBe(2);
    expect(quantile([0, 5, 4, 1], 10, 0.9)).toBe(3);
  });

  it('do not exist where too many never ended', () => {
    expect(quantile([0, 5, 3, 0], 10, 0.9)).toBeUndefined();
  });
});
