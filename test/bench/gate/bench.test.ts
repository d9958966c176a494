/** The bench as a whole: simulation, comparison, claims and what is written. */

import { describe, expect, it } from 'vitest';
import { parse, serialise, toCell, type Cell, type Results } from '../../../bench/gate/cells.ts';
import { claims } from '../../../bench/gate/claims.ts';
import { compare, type CompareOptions } from '../../../bench/gate/compare.ts';
import { ARGO, GATE, KAYENTA, NAIVE_10, PARTS, RIVALS } from '../../../bench/gate/parts.ts';
import { dotPlot, heatMap } from '../../../bench/gate/plot.ts';
import { between } from '../../../bench/gate/report.ts';
import { naive } from '../../../bench/gate/rules/naive.ts';
import { countMatters, ours, UNDECIDED_FROM } from '../../../bench/gate/rules/ours.ts';
import { emptyTally, addTally, simulate } from '../../../bench/gate/simulate.ts';
import { Random } from '../../../bench/gate/random.ts';
import { emptyTraffic, Source } from '../../../bench/gate/traffic.ts';
import { calm, regressions, wholeBursts, type Workload } from '../../../bench/gate/workloads.ts';
import { addWindow, openErrorTest } from '../../../release/core/gate/errors.ts';
import { countEvidence } from '../../../release/core/gate/lanes.ts';
import { cell } from './cell.ts';

const workload = (list: readonly Workload[], name: string): Workload => {
  const found = list.find((one) => one.name.startsWith(name));
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
};

const RULES = [ours(GATE), naive(NAIVE_10, 10)];

describe('simulated releases', () => {
  const healthy = workload(calm(0.05), 'identical release @ 100/s 0.1 %');

  it('come out the same from the same seed and chunk, and otherwise from another', () => {
    const failed = (seed: number, chunk: number): readonly number[] =>
      simulate(healthy, RULES, seed, chunk, 60).flatMap(({ after }) => after);
    expect(failed(1, 0)).toEqual(failed(1, 0));
    expect(failed(1, 0)).not.toEqual(failed(1, 1));
    expect(failed(1, 0)).not.toEqual(failed(2, 0));
  });

  it('are rolled back for no reason by the naive test many times as often as by this gate', () => {
    const [gate, naiveTest] = simulate(healthy, RULES, 3, 0, 400);
    expect(gate?.failed).toBeLessThanOrEqual(4);
    expect(naiveTest?.failed).toBeGreaterThan(28);
  });

  it('that fail totally are rolled back in 40 s, after the bad requests of that time', () => {
    const [gate] = simulate(workload(regressions(0.05), 'total failure @ 100/s 0.1 %'), RULES, 4, 0, 100);
    const tally = gate ?? emptyTally();
    const cell = toCell(
      'regressions',
      workload(regressions(0.05), 'total failure @ 100/s 0.1 %'),
      GATE,
      tally,
    );
    expect([cell.failed, cell.median]).toEqual([100, 40]);
    expect(cell.bad).toBeGreaterThan(180);
    expect(cell.bad).toBeLessThan(230);
  });

  it('come out the same whether lane C is left out where it cannot come to anything, or not', () => {
    const burst = workload(wholeBursts(0.05), 'one bad client, 10 s @ 100/s 0.1 %');
    const traffic = emptyTraffic(burst);
    const source = new Source(burst, new Random(5, 1, 0));
    let [leftOut, most] = [0, 0];
    for (let run = 0; run < 80; run += 1) {
      source.draw(traffic);
      const { fresh, freshBad, stable, stableBad } = traffic.steps;
      if (countMatters(fresh, freshBad)) continue;
      leftOut += 1;
      const test = openErrorTest({
        alpha: 0.01,
        r0: 1.5,
        burstMs: 10_000,
        windowMs: 10_000,
        atLeastPerMinute: 1,
      });
      for (let i = 0; i < fresh.length; i += 1) {
        addWindow(test, fresh[i] ?? 0, freshBad[i] ?? 0, stable[i] ?? 0, stableBad[i] ?? 0);
        most = Math.max(most, test.weights.count * countEvidence(test.count));
      }
    }
    expect(most).toBeLessThan(UNDECIDED_FROM);
    expect(leftOut).toBeGreaterThan(25);
  });

  it('add up over chunks', () => {
    const into = emptyTally();
    const [a] = simulate(healthy, [naive(NAIVE_10, 10)], 3, 0, 50);
    const [b] = simulate(healthy, [naive(NAIVE_10, 10)], 3, 1, 30);
    addTally(into, a ?? emptyTally());
    addTally(into, b ?? emptyTally());
    expect(into.runs).toBe(80);
    expect(into.failed).toBe(into.after.reduce((sum, count) => sum + count, 0));
  });
});

const seen = (rule: string, median: number | null, kind = '0.1 % to 2 %'): Cell =>
  cell({ part: 'regressions', group: 'regression', kind, rule, median, p90: median });

const OPTIONS: CompareOptions = {
  ours: GATE,
  rivals: [ARGO],
  bound: 0.01,
  slack: 10,
  r0: 1.5,
  healthy: ({ group }) => group === 'calm',
};

describe('the comparison', () => {
  const bounded = cell({ rule: ARGO });

  it('finds where a rival with a bound is more than a window faster', () => {
    const { compared, exceptions } = compare([bounded, seen(GATE, 90), seen(ARGO, 70)], OPTIONS);
    expect(compared).toBe(1);
    expect(exceptions).toMatchObject([{ rival: ARGO, ours: 90, theirs: 70, regression: '0.1 % to 2 %' }]);
  });

  it('finds where only the rival sees it at all', () => {
    expect(compare([bounded, seen(GATE, null), seen(ARGO, 3600)], OPTIONS).exceptions).toHaveLength(1);
  });

  it('allows one window, and that neither sees it', () => {
    expect(compare([bounded, seen(GATE, 80), seen(ARGO, 70)], OPTIONS).exceptions).toEqual([]);
    expect(compare([bounded, seen(GATE, null), seen(ARGO, null)], OPTIONS).exceptions).toEqual([]);
  });

  it('leaves out rivals without a bound in that profile', () => {
    const lax = cell({ rule: ARGO, failed: 201 });
    expect(compare([lax, seen(GATE, 90), seen(ARGO, 70)], OPTIONS)).toEqual({
      compared: 0,
      kept: { [ARGO]: 0 },
      exceptions: [],
    });
  });

  it('leaves out what is inside the ratio that counts as healthy', () => {
    const kind = '0.1 % to 0.12 %';
    const inside = [bounded, seen(GATE, null, kind), seen(ARGO, 60, kind)];
    expect(compare(inside, OPTIONS).compared).toBe(0);
  });
});

describe('claims', () => {
  const state = (cells: readonly Cell[], name: string): string | undefined =>
    claims(cells).find((claim) => claim.name.startsWith(name))?.state;
  const name = 'identical releases rolled back at 5 %';

  it('hold by the upper end of the interval', () => {
    expect(state([cell({ failed: 160 })], name)).toBe('kept');
    expect(state([cell({ failed: 190 })], name)).toBe('doubtful');
    expect(state([cell({ failed: 260 })], name)).toBe('broken');
  });

  it('are not said to hold where nothing was run', () => {
    expect(new Set(claims([]).map((claim) => claim.state))).toEqual(new Set(['not run']));
  });

  it('break when a time is missed', () => {
    const failure = { part: 'regressions', group: 'regression', kind: 'total failure' } as const;
    const total = 'total failure from 20/s';
    expect(state([cell({ ...failure, median: 50, p90: 50 })], total)).toBe('kept');
    expect(state([cell({ ...failure, median: 40, p90: 60 })], total)).toBe('broken');
    expect(state([cell(failure)], total)).toBe('broken');
  });
});

describe('what is kept and written', () => {
  it('reads back as it was written, one line a workload', () => {
    const results: Results = {
      format: 1,
      seed: 1,
      runs: 2,
      again: 3,
      cells: [cell({}), seen(KAYENTA, 3600)],
    };
    expect(parse(serialise(results))).toEqual(results);
    expect(serialise(results).split('\n').length).toBe(5);
  });

  it('puts the report between its markers and leaves the rest alone', () => {
    const page = 'before\n<!-- results: written by run.ts -->\nold\n<!-- end of results -->\nafter\n';
    expect(between(page, 'new')).toBe(
      'before\n<!-- results: written by run.ts -->\n\nnew\n\n<!-- end of results -->\nafter\n',
    );
    expect(() => between('no markers', 'new')).toThrow(/markers/u);
  });

  it('draws plots with a title, an axis and no broken number, also for values off the scale', () => {
    const svg = dotPlot({
      title: 'How < often?',
      subtitle: 'sub',
      axis: 'chance',
      series: [{ name: 'one', colour: 'red' }],
      rows: [{ name: 'rule', strong: true, dots: [{ value: 0, to: 5, series: 0 }] }],
      ticks: [
        { at: 0.01, label: '1 %' },
        { at: 1, label: '100 %' },
      ],
    });
    expect(svg).toContain('How &lt; often?');
    expect(svg).toContain('chance');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/u);
    const map = heatMap({
      title: 'Which?',
      subtitle: '',
      across: { name: 'rate', labels: ['1'] },
      down: { name: 'rule', labels: ['a'] },
      fields: [[{ words: '5 %', strength: 2 }]],
    });
    expect(map).toContain('5 %');
    expect(map).not.toMatch(/NaN|undefined/u);
  });

  it('runs every rival and every kind of workload of the issue', () => {
    expect(RIVALS).toHaveLength(10);
    const kinds = new Set(PARTS.flatMap(({ workloads }) => workloads.map(({ kind }) => kind)));
    for (const kind of [
      'identical release',
      'daily drift',
      'share off by half',
      'late and missing windows',
      'dependency fails for both',
      'heavy tail',
      'failing instance',
      'total failure',
      'slow start of 60 s',
      '1.2x as slow',
      '5x as slow',
      '0.1 % to 0.12 %',
      '0.1 % to 2 %',
    ])
      expect(kinds).toContain(kind);
  });

  it('names each workload once, so that no two share their random numbers', () => {
    for (const { workloads } of PARTS)
      expect(new Set(workloads.map(({ name }) => name)).size).toBe(workloads.length);
  });
});
