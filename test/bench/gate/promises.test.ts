/** What probes promise, and what the words about faster rules are made of. */

import { describe, expect, it } from 'vitest';
import type { Cell } from '../../../bench/gate/cells.ts';
import { gains } from '../../../bench/gate/compare.ts';
import { figures } from '../../../bench/gate/figures.ts';
import { GATE, NAIVE_10 } from '../../../bench/gate/parts.ts';
import { falseInAnHour, probesClaim, timeToFail } from '../../../bench/gate/probes.ts';
import { gainsText } from '../../../bench/gate/summary.ts';
import { cell } from './cell.ts';

describe('probes', () => {
  it('send back a version that answers none after 30 s, with traffic and without', () => {
    expect([0, 1, 10_000].map(timeToFail)).toEqual([30, 30, 30]);
    expect(probesClaim().state).toBe('kept');
  });

  it('seldom fail three times in a row by chance', () => {
    expect(falseInAnHour(0)).toBe(0);
    expect(falseInAnHour(1)).toBeCloseTo(1, 12);
    // 358 places where three failures can begin, less what follows another failure.
    expect(falseInAnHour(0.01)).toBeCloseTo(0.01 ** 3 * (1 + 357 * 0.99), 6);
    expect(falseInAnHour(0.05)).toBeGreaterThan(0.04);
    expect(falseInAnHour(0.05, 5)).toBeLessThan(0.0002);
  });
});

describe('rules without a promise', () => {
  const seen = (rule: string, rate: number, median: number): Cell =>
    cell({ part: 'regressions', group: 'regression', kind: '0.1 % to 2 %', rate, rule, median, p90: median });
  const cells = [
    cell({ rule: NAIVE_10, failed: 2000 }),
    cell({ rule: NAIVE_10, failed: 4000, rate: 1000 }),
    seen(GATE, 100, 100),
    seen(NAIVE_10, 100, 20),
    seen(GATE, 1000, 60),
    seen(NAIVE_10, 1000, 20),
    seen(GATE, 20, 100),
    cell({ rule: NAIVE_10, rate: 20 }),
    seen(NAIVE_10, 20, 100),
  ];

  it('are counted where they are faster, with what healthy releases pay for it there', () => {
    const options = {
      ours: GATE,
      rivals: [NAIVE_10],
      slack: 10,
      r0: 1.5,
      healthy: ({ group }: Cell) => group === 'calm',
    };
    expect(gains(cells, options)).toEqual([
      { rival: NAIVE_10, faster: 2, regressions: 3, least: 0.1, most: 0.2, where: '100/s 0.1 %' },
    ]);
  });

  it('are described in words', () => {
    const text = gainsText({ format: 1, seed: 1, runs: 20_000, again: 1, cells });
    expect(text).toContain(
      `- ${NAIVE_10}: faster in 2 of 3 regressions. In those profiles its worst workload rolls back 10 % (100/s 0.1 %) to 20 % of the healthy releases.`,
    );
    expect(text).toContain('- Nowhere faster: ');
  });
});

describe('the plots', () => {
  it('are one for each question, each with its own title and no broken number', () => {
    const found = figures({ format: 1, seed: 1, runs: 20_000, again: 1, cells: [cell({ undecided: 100 })] });
    expect(new Set(found.map(({ title }) => title)).size).toBe(9);
    for (const { svg, title } of found) {
      expect(svg).toContain(title);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/u);
    }
    expect(found.find(({ file }) => file === 'inconclusive.svg')?.svg).toContain('0.5 %');
  });
});
