import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketsOf,
  edgeAbove,
  quantileOf,
  slowerThanEdge,
} from '../../../../release/adapters/prometheus/buckets.ts';
import { growth, total } from '../../../../release/adapters/prometheus/increase.ts';
import type { Stepped } from '../../../../release/adapters/prometheus/range.ts';
import { fillTemplate } from '../../../../release/adapters/prometheus/template.ts';

/** A series by its values at steps 0, 10, 20, …; undefined: nothing scraped. */
const series = (values: readonly (number | undefined)[], labels: Record<string, string> = {}): Stepped => ({
  labels,
  key: JSON.stringify(labels),
  values: new Map(values.flatMap((v, i) => (v === undefined ? [] : [[i * 10, v] as const]))),
});
const steps = (n: number): number[] => Array.from({ length: n }, (_, i) => i * 10);
const grown = (values: readonly (number | undefined)[], alive = true): readonly number[] =>
  growth([series(values)], steps(values.length), () => alive)[0]?.by ?? [];

describe('growth of a counter', () => {
  it('is exact, and zero where nothing happened', () => {
    expect(grown([10, 10, 13, 14])).toEqual([0, 3, 1]);
  });

  it('counts the first error of a version, whose series appears with it', () => {
    expect(grown([undefined, undefined, 1, 2])).toEqual([0, 1, 1]);
  });

  it('counts nothing where Prometheus itself has just begun to look', () => {
    expect(grown([undefined, 1_000_000, 1_000_005], false)).toEqual([0, 5]);
  });

  it('goes on after a restart of the process', () => {
    expect(grown([100, 120, 5, 9])).toEqual([20, 5, 4]);
  });

  it('goes on where it was after scrapes that were missed', () => {
    expect(grown([100, undefined, undefined, 130])).toEqual([0, 0, 30]);
  });

  it('adds up to what was counted, whatever scrapes are missed', () => {
    const step = fc.record({ by: fc.nat(50), missed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (given) => {
        let value = 0;
        const values: (number | undefined)[] = [0];
        for (const { by, missed } of given) {
          value += by;
          values.push(missed ? undefined : value);
        }
        values.push(value);
        const all = growth([series(values)], steps(values.length), () => true);
        expect(steps(values.length).reduce((sum, _, i) => sum + total(all, i), 0)).toBe(value);
      }),
    );
  });
});

describe('buckets', () => {
  const histogram = (counts: Record<string, number>) =>
    bucketsOf(
      Object.entries(counts).map(([le, n]) => ({ labels: { le }, by: [n] })),
      0,
      1,
    );
  const buckets = histogram({ '0.1': 50, '0.5': 90, '1': 98, '+Inf': 100 });

  it('count slow requests at the next edge above the threshold', () => {
    expect(edgeAbove(0.4, buckets)).toBe(0.5);
    expect(slowerThanEdge(buckets, 0.5)).toBe(10);
    expect(slowerThanEdge(buckets, edgeAbove(0.5, buckets))).toBe(10);
    expect(slowerThanEdge(buckets, edgeAbove(5, buckets))).toBe(0);
  });

  it('use an edge that both versions have, whatever their histograms are', () => {
    const other = histogram({ '0.25': 1, '1': 2, '+Inf': 3 });
    expect(edgeAbove(0.4, buckets, other)).toBe(1);
    expect(edgeAbove(0.4, buckets, new Map())).toBe(0.5);
  });

  it('give quantiles as Prometheus does, in ms', () => {
    expect(quantileOf(buckets, 0.5)).toBe(100);
    expect(quantileOf(buckets, 0.7)).toBe(300);
    expect(quantileOf(buckets, 0.99)).toBe(1_000);
    expect(quantileOf(histogram({ '+Inf': 0 }), 0.5)).toBeUndefined();
  });
});

describe('query templates', () => {
  it('get their names, which cannot end the string they stand in', () => {
    expect(fillTemplate('requests', 'x{slot="$slot"}', { slot: 'green' })).toBe('x{slot="green"}');
    expect(fillTemplate('requests', 'x{a="$a"}', { a: 'b"} or up{c="' })).toBe('x{a="b\\"} or up{c=\\""}');
  });

  it('with a name that nobody knows are refused: an empty label would match everything', () => {
    expect(() => fillTemplate('metrics.requests', 'x{slot="$slott"}', { slot: 'a', service: 'b' })).toThrow(
      /metrics\.requests: unknown name \(got \$slott; allowed: \$slot, \$service\)/,
    );
  });
});
