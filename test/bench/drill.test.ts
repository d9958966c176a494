import { expect, it } from 'vitest';
import { drillFindings } from '../../bench/drill.ts';

const good = { size: 52e6, uncompressedSize: 194e6, rtoMs: 4_000, rpoMs: 9_000, differences: [] };

it('tells RTO, RPO and sizes, and takes the slowest drill', () => {
  const { rows } = drillFindings([good, { ...good, rtoMs: 6_000, rpoMs: 12_000 }]);
  expect(rows).toEqual([
    {
      claim:
        'restore drill of a database of 194 MB: fetched, checked, restored beside the application’s, compared',
      goal: 'RTO at most 60 s',
      measured:
        'RTO 5.00 s (4.00 s to 6.00 s, 2 runs), RPO at most 12.00 s (age of the backup), 52 MB packed',
      met: true,
    },
  ]);
});

it('one that is too slow, or whose copy differs, does not meet the goal', () => {
  expect(drillFindings([good, { ...good, rtoMs: 60_001 }]).rows[0]?.met).toBe(false);
  const [row] = drillFindings([{ ...good, differences: ['table public.orders: 9 rows then, 8 now'] }]).rows;
  expect(row?.met).toBe(false);
  expect(row?.measured).toContain('the copy differs: table public.orders');
});
