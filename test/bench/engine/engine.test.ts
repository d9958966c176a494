import { expect, it } from 'vitest';
import { engineFindings, type Measured } from '../../../bench/engine/engine.ts';

const locked = {
  status: 'success',
  mode: 'emergency',
  restoredMs: 80,
  recordedMs: 5_000,
  verified: true,
} as const;
const good: Measured = {
  sluice: [2_500, 2_600, 2_700],
  automation: [2_400, 2_500],
  real: [6_000, 6_300],
  embedded: [500, 600],
  made: 116,
  locked: [locked],
  resumed: [
    { leaseRan: true, ms: 1_200 },
    { leaseRan: false, ms: 4_900 },
  ],
};
const kept = (change: Partial<Measured>): (boolean | undefined)[] =>
  engineFindings({ ...good, ...change }).rows.map(({ met }) => met);

it('every promise is kept only by its own figures', () => {
  expect(kept({})).toEqual([true, true, true, true]);
  expect(kept({ sluice: [3_751] })).toEqual([false, true, true, true]);
  expect(kept({ embedded: [2_060] })).toEqual([true, true, false, true]);
  expect(kept({ resumed: [...good.resumed, { leaseRan: true, ms: 5_001 }] })).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it('one slow rollback, one without a time and one that was not verified each break the promise', () => {
  for (const bad of [{ restoredMs: 1_001 }, { restoredMs: undefined }, { verified: false }])
    expect(kept({ locked: [locked, { ...locked, ...bad }] })[1]).toBe(false);
});
