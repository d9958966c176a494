import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aliasWeights, weightsOfAlias } from '../../../release/core/weights.ts';

it('an alias keeps what it is told, in percent, whatever the scale', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999 }), fc.constantFrom(1, 10, 0.1), (fresh, scale) => {
      const told = { '3': (1000 - fresh) * scale, '4': fresh * scale };
      const alias = aliasWeights(told);
      if (alias === undefined) throw new Error('no alias');
      const back = weightsOfAlias(alias);
      expect(back['4']).toBeCloseTo(fresh / 10, 6);
      expect((back['3'] ?? 0) + (back['4'] ?? 0)).toBeCloseTo(100, 6);
      expect(Object.values(alias.additional).every((share) => share > 0 && share <= 0.5)).toBe(true);
    }),
  );
});

it('the larger share is the alias’s own version; nobody is rounded to nothing; a version without a share is absent', () => {
  expect(aliasWeights({ '3': 90, '4': 10 })).toEqual({ version: '3', additional: { '4': 0.1 } });
  expect(aliasWeights({ '3': 10, '4': 90 })).toEqual({ version: '4', additional: { '3': 0.1 } });
  expect(aliasWeights({ '4': 50, '3': 50 })).toEqual({ version: '3', additional: { '4': 0.5 } });
  expect(aliasWeights({ '3': 100, '4': 0 })).toEqual({ version: '3', additional: {} });
  expect(aliasWeights({ '3': 1e9, '4': 1 })).toEqual({ version: '3', additional: { '4': 0.0001 } });
});

it('none, or more than two versions, are no alias', () => {
  expect(aliasWeights({})).toBeUndefined();
  expect(aliasWeights({ '3': 0 })).toBeUndefined();
  expect(aliasWeights({ '1': 1, '2': 1, '3': 1 })).toBeUndefined();
});

it('an alias that somebody gave wholly to its other version is that version’s', () => {
  expect(weightsOfAlias({ version: '3', additional: { '4': 1 } })).toEqual({ '4': 100 });
});
