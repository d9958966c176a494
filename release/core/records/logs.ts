/** Every line of a log begins with its time; what follows without one belongs to the line before. */
const BEGIN = /^(?=\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z )/m;

const entriesOf = (log: string): string[] =>
  log.split(BEGIN).flatMap((entry) => (entry === '' ? [] : [entry.endsWith('\n') ? entry : `${entry}\n`]));

const timeOf = (entry: string): string => entry.slice(0, entry.indexOf('Z') + 1);

const countOf = (entries: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return counts;
};

/**
 * One log out of what is kept and what this machine has: every line of both, as often as the one that has it more
 * often, in the order of time. So jobs on several machines add to one log, and writing it twice changes nothing.
 */
export const mergeLogs = (kept: string, own: string): string => {
  const first = entriesOf(kept);
  const left = countOf(first);
  const added = entriesOf(own).filter((entry) => {
    const n = left.get(entry) ?? 0;
    left.set(entry, n - 1);
    return n <= 0;
  });
  if (added.length === 0) return first.join('');
  return [...first, ...added]
    .map((entry, n) => ({ entry, n, time: timeOf(entry) }))
    .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.n - b.n))
    .map(({ entry }) => entry)
    .join('');
};
