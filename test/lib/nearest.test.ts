import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../lib/nearest.ts';

describe('edit distance', () => {
  it.each([
    ['', '', 0],
    ['stages', 'stages', 0],
    ['stagse', 'stages', 1], // two letters swapped
    ['stage', 'stages', 1],
    ['stagges', 'stages', 1],
    ['stbges', 'stages', 1],
    ['ca', 'abc', 3],
    ['', 'abc', 3],
  ])('%s → %s takes %i steps', (a, b, steps) => {
    expect(editDistance(a, b)).toBe(steps);
  });

  it('is symmetric, and 0 only for the same word', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('the nearest key', () => {
  const keys = ['stages', 'services', 'secrets', 'smoke', 'url'];
  it.each([
    ['stagse', 'stages'],
    ['Stages', 'stages'],
    ['service', 'services'],
    ['ulr', 'url'],
    ['secert', 'secrets'],
  ])('for %s is %s', (word, meant) => {
    expect(nearest(word, keys)).toBe(meant);
  });

  it('is none for a word that is like none of them, or that is absurdly long', () => {
    expect(nearest('kubernetes', keys)).toBeUndefined();
    expect(nearest('x', keys)).toBeUndefined();
    expect(nearest('stages'.repeat(1000), keys)).toBeUndefined();
    expect(nearest('stages', [])).toBeUndefined();
  });
});
