/** The few statistics the benches need. Everything throws on an empty list: a bench without runs has no result. */

const sorted = (values: readonly number[]): number[] => {
  if (values.length === 0) throw new Error('no measurements');
  return values.toSorted((a, b) => a - b);
};

export const median = (values: readonly number[]): number => {
  const ordered = sorted(values);
  const middle = (ordered.length - 1) / 2;
  return ((ordered[Math.floor(middle)] ?? 0) + (ordered[Math.ceil(middle)] ?? 0)) / 2;
};

export const smallest = (values: readonly number[]): number => sorted(values)[0] ?? 0;
export const largest = (values: readonly number[]): number => sorted(values).at(-1) ?? 0;

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
export const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`;
/** Megabytes of a million bytes. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** `median 1.2 s (1.1 s to 1.4 s, 7 runs)`. */
export const spread = (values: readonly number[], show: (value: number) => string): string =>
  `${show(median(values))} (${show(smallest(values))} to ${show(largest(values))}, ${values.length} runs)`;
