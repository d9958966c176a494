/**
 * Steps between two words: a letter put in, left out, replaced, or swapped with its neighbour counts one
 * (optimal string alignment; swaps are what fingers do: `stagse`).
 */
export const editDistance = (a: string, b: string): number => {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(before, j - 2) + 1);
      }
      row.push(best);
    }
    before = above;
    above = row;
  }
  return at(above, b.length);
};

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;

/**
 * The candidate that was probably meant, or undefined when none is near: at most a third of the longer word
 * may differ (at least one letter). Case is ignored. Of equally near ones the first wins.
 */
export const nearest = (word: string, candidates: Iterable<string>): string | undefined => {
  const wanted = word.toLowerCase();
  // Nobody misspells this much, and the distance costs length × length.
  if (wanted.length > 100) return undefined;
  let found: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= allowed && distance < least) {
      found = candidate;
      least = distance;
    }
  }
  return found;
};
