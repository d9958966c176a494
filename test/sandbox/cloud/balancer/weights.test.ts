import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitter } from '../../../../sandbox/cloud/balancer/weights.ts';

const picks = (weights: readonly number[], count: number): Record<string, number> => {
  const next = splitter(weights.map((weight, i) => ({ arn: String(i), weight })));
  const seen: Record<string, number> = {};
  for (let i = 0; i < count; i += 1) {
    const arn = next() ?? 'none';
    seen[arn] = (seen[arn] ?? 0) + 1;
  }
  return seen;
};

test('the split is exact after every sum of weights, and nobody is ever more than one request off', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 5 }), (weights) => {
      const total = weights.reduce((a, b) => a + b, 0);
      fc.pre(total > 0);
      const seen = picks(weights, total);
      weights.forEach((weight, i) => expect(seen[String(i)] ?? 0).toBe(weight));
      const part = picks(weights, Math.ceil(total / 3));
      weights.forEach((weight, i) => {
        const due = (Math.ceil(total / 3) * weight) / total;
        expect(Math.abs((part[String(i)] ?? 0) - due)).toBeLessThan(weights.length);
      });
    }),
    { numRuns: 60 },
  );
});

test('5 % of 95/5 comes once in every twenty requests, not in a burst', () => {
  expect(picks([95, 5], 20)).toEqual({ '0': 19, '1': 1 });
});

test('weight 0 is no traffic at all', () => {
  expect(picks([0, 1], 50)).toEqual({ '1': 50 });
  expect(picks([0, 0], 3)).toEqual({ none: 3 });
});
