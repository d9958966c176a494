import type { Grown } from './increase.ts';

/** Upper edge of a bucket in seconds → how many requests took at most that long. */
export type Buckets = ReadonlyMap<number, number>;

const edgeOf = ({ labels }: Grown): number => {
  const le = labels['le'];
  if (le === undefined) return Number.NaN;
  return le === '+Inf' ? Infinity : Number(le);
};

/** Requests of the windows `from` to `to` (not included) by bucket. */
export const bucketsOf = (grown: readonly Grown[], from: number, to: number): Buckets => {
  const sums = new Map<number, number>();
  for (const series of grown) {
    const edge = edgeOf(series);
    if (Number.isNaN(edge)) continue;
    const grew = series.by.slice(from, to).reduce((sum, n) => sum + n, 0);
    sums.set(edge, (sums.get(edge) ?? 0) + grew);
  }
  return sums;
};

const sorted = (buckets: Buckets): (readonly [number, number])[] => [...buckets].sort(([a], [b]) => a - b);

/** The edge that a threshold is counted at: the next one above it that both versions have, in seconds. */
export const edgeAbove = (seconds: number, ...sides: readonly Buckets[]): number => {
  const [first, ...others] = sides.filter((b) => b.size > 0);
  const edges = [...(first?.keys() ?? [])].filter((e) => e >= seconds && others.every((o) => o.has(e)));
  return Math.min(Infinity, ...edges);
};

/** Requests slower than an edge. */
export const slowerThanEdge = (buckets: Buckets, edge: number): number =>
  Math.max(0, Math.round((buckets.get(Infinity) ?? 0) - (buckets.get(edge) ?? 0)));

/** A quantile in ms, interpolated inside its bucket; beyond the last finite edge, that edge. Undefined without requests. */
export const quantileOf = (buckets: Buckets, q: number): number | undefined => {
  const edges = sorted(buckets);
  const all = buckets.get(Infinity) ?? 0;
  if (all <= 0) return undefined;
  let [lower, below] = [0, 0];
  for (const [edge, count] of edges) {
    if (count >= q * all) {
      if (edge === Infinity) return lower * 1_000;
      const inside = count === below ? 1 : (q * all - below) / (count - below);
      return Math.round((lower + (edge - lower) * inside) * 100_000) / 100;
    }
    [lower, below] = [edge, count];
  }
  return undefined;
};
