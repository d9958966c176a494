import type { FieldChange, Loss, ServiceChange } from './types.ts';

/** What both the terminal and Markdown say. */

export const lossText = (l: Loss): string => {
  const what = `${l.what} would be ${l.op === 'delete' ? 'deleted' : 'replaced'}`;
  const why =
    l.because.length > 0 && l.op === 'replace' ? ` because of ${l.because.slice(0, 5).join(', ')}` : '';
  const where = l.where === 'traffic' ? '; users are on it' : '';
  return `${what}${why}${where}`;
};

export const PROTECTED = 'protected: the update is refused unless the protection is lifted first';

export const fieldText = ({ what, path, from, to }: FieldChange): string => {
  const name = what === 'image' ? '' : `${path}: `;
  if (from === undefined) return `${name}${to ?? ''} (new)`;
  if (to === undefined) return `${name}gone (was ${from})`;
  // Both hidden, or cut to the same length.
  return from === to ? `${name}changes` : `${name}${from} → ${to}`;
};

/** Fields of one kind in one text; empty when none differs. */
export const fieldsText = (change: ServiceChange, what: FieldChange['what']): string =>
  change.fields
    .filter((f) => f.what === what)
    .map(fieldText)
    .join('; ');

/** At most so many entries of one list are shown: the rest is counted. */
export const MOST = 40;

export const capped = (lines: readonly string[], most: number = MOST): string[] =>
  lines.length <= most ? [...lines] : [...lines.slice(0, most), `and ${lines.length - most} more`];
