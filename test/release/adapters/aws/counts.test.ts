import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { countsOf } from '../../../../release/adapters/aws/counts.ts';

const none = { requests: 0, errors: 0, slow: 0 };

it('errors that the balancer answered itself are the version’s requests without a good answer', () => {
  const raw = { requests: 100, twos: 80, threes: 4, fours: 6, fives: 3 };
  expect(countsOf(raw, 7, false, none)).toEqual({
    counts: { requests: 100, errors: 10, slow: 0 },
    agrees: true,
  });
});

it('a switch to WebSocket or a client that went away is no error of anybody', () => {
  const { counts, agrees } = countsOf({ requests: 100, twos: 80, fives: 1 }, 0, false, none);
  expect(counts.errors).toBe(1);
  // It looks the same as good answers that are not published yet, so the window is waited for.
  expect(agrees).toBe(false);
});

it('an absent count is a zero, because CloudWatch publishes none', () => {
  expect(countsOf({}, 0, true, none)).toEqual({ counts: { requests: 0, errors: 0, slow: 0 }, agrees: true });
});

it('slow requests come from the percentile rank of the threshold', () => {
  const raw = { requests: 200, twos: 200, timed: 200, withinPercent: 92.5, p50: 0.0321, p95: 0.9 };
  expect(countsOf(raw, 0, true, none).counts).toEqual({
    requests: 200,
    errors: 0,
    slow: 15,
    p50: 32.1,
    p95: 900,
  });
  // Without the rank nothing is known of slowness yet.
  expect(countsOf({ requests: 5, twos: 5, timed: 5 }, 0, true, none).agrees).toBe(false);
});

it('probes are no users’ requests', () => {
  const raw = { requests: 20, twos: 18, fives: 2, timed: 20, withinPercent: 80 };
  const probes = { requests: 6, errors: 2, slow: 1 };
  expect(countsOf(raw, 0, true, probes).counts).toEqual({ requests: 14, errors: 0, slow: 3 });
});

it('counts never contradict one another, whatever CloudWatch says', () => {
  const n = fc.nat(1_000);
  const raw = fc.record(
    { requests: n, twos: n, threes: n, fours: n, fives: n, timed: n },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(raw, n, fc.nat(20), (given, balancer, probes) => {
      const { counts } = countsOf(given, balancer, false, { requests: probes, errors: 0, slow: 0 });
      expect(counts.errors).toBeGreaterThanOrEqual(0);
      expect(counts.requests).toBeGreaterThanOrEqual(0);
      expect(counts.errors).toBeLessThanOrEqual(counts.requests + probes);
    }),
  );
});
