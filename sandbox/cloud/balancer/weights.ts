import type { WeightedGroup } from './types.ts';

/**
 * Smooth weighted round robin: of every `sum of weights` picks each group gets exactly its weight, evenly spread.
 * Weights that share a divisor repeat sooner: 95/5 is exact after every 20 picks.
 */
export const splitter = (groups: readonly WeightedGroup[]): (() => string | undefined) => {
  const entries = groups.filter((g) => g.weight > 0).map((g) => ({ ...g, credit: 0 }));
  const total = entries.reduce((sum, g) => sum + g.weight, 0);
  const [only] = entries;
  if (entries.length <= 1) return () => only?.arn;
  return () => {
    let best = entries[0];
    for (const entry of entries) {
      entry.credit += entry.weight;
      if (best === undefined || entry.credit > best.credit) best = entry;
    }
    if (best === undefined) return undefined;
    best.credit -= total;
    return best.arn;
  };
};
