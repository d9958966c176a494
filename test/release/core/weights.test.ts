import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { wholeWeights } from '../../../release/core/weights.ts';

it('whole shares stay as they are, others are given in tenths of a percent', () => {
  expect(wholeWeights({ a: 95, b: 5 })).toEqual({ a: 95, b: 5 });
  expect(wholeWeights({ a: 97.5, b: 2.5 })).toEqual({ a: 975, b: 25 });
  expect(wholeWeights({ a: 99.9, b: 0.1 })).toEqual({ a: 999, b: 1 });
  expect(wholeWeights({ a: 100 })).toEqual({ a: 100 });
});

it('every share comes within a tenth of a percent of what was asked for, and nobody gets nothing', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 99.9, noNaN: true }), (share) => {
      const { fresh = 0, stable = 0 } = wholeWeights({ fresh: share, stable: 100 - share });
      expect([fresh, stable].every((w) => Number.isInteger(w) && w >= 1 && w <= 999)).toBe(true);
      expect(Math.abs((100 * fresh) / (fresh + stable) - share)).toBeLessThan(0.1);
    }),
  );
});
