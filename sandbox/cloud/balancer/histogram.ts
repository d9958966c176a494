/**
 * Latencies in bins that grow by 4 %: a count above a limit, or a quantile, is right within about 2 % of the value.
 * 0.05 ms to 10 minutes; what lies outside goes to the first or last bin.
 */
const FIRST_MS = 0.05;
const GROWTH = Math.log(1.04);
export const BINS = Math.ceil(Math.log(600_000 / FIRST_MS) / GROWTH) + 1;

export const binOf = (ms: number): number =>
  ms <= FIRST_MS ? 0 : Math.min(BINS - 1, Math.ceil(Math.log(ms / FIRST_MS) / GROWTH));

/** Upper edge of a bin in ms; its lower edge is the one below. */
const upper = (bin: number): number => FIRST_MS * Math.exp(bin * GROWTH);
const lower = (bin: number): number => (bin === 0 ? 0 : upper(bin - 1));

/** Bin → count; only the bins that have any. */
export type Histogram = Map<number, number>;

export const observe = (histogram: Histogram, ms: number): void => {
  const bin = binOf(ms);
  histogram.set(bin, (histogram.get(bin) ?? 0) + 1);
};

export const merge = (into: Histogram, other: Histogram): Histogram => {
  for (const [bin, count] of other) into.set(bin, (into.get(bin) ?? 0) + count);
  return into;
};

/** How many observations were slower than `ms`; the bin that holds the limit is split in proportion. */
export const slowerThan = (histogram: Histogram, ms: number): number => {
  let count = 0;
  for (const [bin, n] of histogram) {
    const from = lower(bin);
    const to = upper(bin);
    if (from >= ms) count += n;
    else if (to > ms) count += (n * (to - ms)) / (to - from);
  }
  return Math.round(count);
};

/** Quantile 0..1 in ms, interpolated inside its bin; undefined without observations. */
export const quantile = (histogram: Histogram, q: number): number | undefined => {
  const bins = [...histogram].sort(([a], [b]) => a - b);
  const total = bins.reduce((sum, [, n]) => sum + n, 0);
  let below = 0;
  const wanted = q * total;
  for (const [bin, n] of bins) {
    if (below + n >= wanted) {
      const share = n === 0 ? 0 : Math.max(0, wanted - below) / n;
      return lower(bin) + (upper(bin) - lower(bin)) * share;
    }
    below += n;
  }
  return undefined;
};
