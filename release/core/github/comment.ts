/** GitHub takes no longer comment. */
export const LONGEST_COMMENT = 65_536;
/** GitHub takes no longer job summary, in bytes. */
export const LONGEST_SUMMARY = 1_048_576;

const CUT = '\n\n… cut here: the whole of it is in the record.\n';

/** Finds a comment again, whoever wrote it: people do not see it. */
export const markerOf = (key: string): string => `<!-- sluice:${key.replaceAll(/[^\w.:/-]/g, '-')} -->`;

/** The start of a text that fits, whole characters only; `size` counts them as the limit does. */
const fitting = (text: string, limit: number, size: (text: string) => number): string => {
  if (size(text) <= limit) return text;
  const most = limit - size(CUT);
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (size(text.slice(0, middle)) <= most) low = middle;
    else high = middle - 1;
  }
  return `${text
    .slice(0, low)
    .toWellFormed()
    .replace(/\uFFFD$/, '')}${CUT}`;
};

/** A comment's text with the mark it is found again by, short enough for GitHub. */
export const commentBody = (key: string, text: string): string => {
  const marker = markerOf(key);
  return `${marker}\n${fitting(text, LONGEST_COMMENT - marker.length - 1, (t) => t.length)}`;
};

const encoder = new TextEncoder();
const bytes = (text: string): number => encoder.encode(text).length;

/** A job summary's text, short enough for GitHub beside what is there already (bytes). */
export const summaryBody = (text: string, used = 0): string =>
  fitting(text, Math.max(bytes(CUT), LONGEST_SUMMARY - used), bytes);
