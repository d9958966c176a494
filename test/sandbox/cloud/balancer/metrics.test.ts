import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  merge,
  observe,
  quantile,
  slowerThan,
  type Histogram,
} from '../../../../sandbox/cloud/balancer/histogram.ts';
import {
  baselineOf,
  countsOf,
  GroupMetrics,
  type Observation,
} from '../../../../sandbox/cloud/balancer/metrics.ts';

const histogramOf = (values: readonly number[]): Histogram => {
  const histogram: Histogram = new Map();
  for (const ms of values) observe(histogram, ms);
  return histogram;
};
const latency = fc.double({ min: 0.1, max: 100_000, noNaN: true });

describe('latency histogram', () => {
  test('a quantile of equal latencies is right within 4 %', () => {
    fc.assert(
      fc.property(latency, (ms) => {
        const found = quantile(histogramOf([ms, ms, ms]), 0.5) ?? 0;
        expect(Math.abs(found - ms) / ms).toBeLessThan(0.04);
      }),
    );
  });

  test('what is clearly slower counts, what is clearly faster does not', () => {
    fc.assert(
      fc.property(fc.array(latency, { maxLength: 50 }), latency, (values, limit) => {
        const clear = values.filter((v) => v < limit * 0.95 || v > limit * 1.05);
        expect(slowerThan(histogramOf(clear), limit)).toBe(clear.filter((v) => v > limit).length);
      }),
    );
  });

  test('two seconds added up are as one', () => {
    const [a, b] = [
      [1, 5, 20],
      [2, 900],
    ];
    expect(merge(histogramOf(a ?? []), histogramOf(b ?? []))).toEqual(histogramOf([1, 5, 20, 2, 900]));
  });

  test('there is no quantile without observations', () => {
    expect(quantile(new Map(), 0.95)).toBeUndefined();
  });
});

const seen = (change: Partial<Observation> = {}): Observation => ({
  status: 200,
  latencyMs: 10,
  connectionError: false,
  broken: false,
  ...change,
});

describe('counts of a target group', () => {
  test('a window holds what ended inside it, and nothing of its neighbours', () => {
    const metrics = new GroupMetrics(0);
    metrics.record(9_999, seen());
    metrics.record(10_000, seen({ status: 503 }));
    metrics.record(19_999, seen({ latencyMs: 700 }));
    metrics.record(20_000, seen());
    const counts = countsOf(metrics.sum(10_000, 20_000), 500);
    expect(counts).toMatchObject({ requests: 2, errors: 1, slow: 1 });
  });

  test('an answer that broke off is an error though its status was 200', () => {
    const metrics = new GroupMetrics(0);
    metrics.record(1_000, seen({ connectionError: true, broken: true }));
    metrics.record(1_000, seen({ status: 404 }));
    expect(countsOf(metrics.sum(0, 2_000), undefined)).toMatchObject({ requests: 2, errors: 1 });
  });

  test('a baseline covers whole windows since the group exists, errors window by window', () => {
    const metrics = new GroupMetrics(12_000);
    for (let second = 20; second < 50; second += 1) metrics.record(second * 1_000, seen());
    metrics.record(35_000, seen({ status: 500 }));
    expect(baselineOf(metrics, 52_000, 600_000, 10_000)).toMatchObject({
      requests: 31,
      errors: 1,
      seconds: 30,
      errorWindows: [0, 1, 0],
    });
    expect(baselineOf(metrics, 52_000, 10_000, 10_000)).toMatchObject({ requests: 10, seconds: 10 });
  });
});
