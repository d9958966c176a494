import type { Stepped } from './range.ts';

/** Steps of a query at equal distances, ms; the first ones only tell what was there before. */
export type Steps = readonly number[];

/** By how much each series grew from one step to the next; `grown[i]` is from `steps[i]` to `steps[i + 1]`. */
export interface Grown {
  readonly labels: Stepped['labels'];
  readonly by: readonly number[];
}

/**
 * Exact growth of counters, where PromQL's `increase` guesses: it extrapolates to whole windows, and a series that
 * appears with its first error grows by nothing for it. Here a series that appears while others were already there
 * (`alive`) began at zero, one that fell was restarted and began at zero again, and one that comes back after missed
 * scrapes goes on from where it was. What appears where nothing was seen before is a beginning, not a count.
 */
export const growth = (series: readonly Stepped[], steps: Steps, alive: (step: number) => boolean): Grown[] =>
  series.map(({ labels, values }) => {
    let last: number | undefined;
    const by: number[] = [];
    steps.forEach((step, i) => {
      const value = values.get(step);
      const before = steps[i - 1];
      if (before !== undefined) by.push(value === undefined ? 0 : grownBy(last, value, alive(before)));
      if (value !== undefined) last = value;
    });
    return { labels, by };
  });

const grownBy = (last: number | undefined, value: number, wasAlive: boolean): number => {
  if (last === undefined) return wasAlive ? value : 0;
  return value >= last ? value - last : value;
};

/** Growth of all series together in one window. */
export const total = (grown: readonly Grown[], window: number): number =>
  grown.reduce((sum, g) => sum + (g.by[window] ?? 0), 0);
