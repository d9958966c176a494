const DESTRUCTIVE: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'drops a table', pattern: /\bdrop\s+table\b/i },
  { what: 'drops a column', pattern: /\bdrop\s+column\b/i },
  {
    what: 'drops a column',
    pattern:
      /\balter\s+table\b[^;]*\bdrop\s+(?!constraint\b|index\b|default\b|not\b|column\b|identity\b|expression\b)/i,
  },
  { what: 'drops a schema', pattern: /\bdrop\s+(schema|database)\b/i },
  { what: 'drops a type', pattern: /\bdrop\s+type\b/i },
  { what: 'empties a table', pattern: /\btruncate\b/i },
  { what: 'deletes rows', pattern: /\bdelete\s+from\b/i },
  { what: 'renames', pattern: /\balter\s+table\b[^;]*\brename\b/i },
  { what: 'changes a type', pattern: /\balter\s+(column\s+)?\S+\s+(set\s+data\s+)?type\b/i },
];

const withoutComments = (sql: string): string =>
  sql.replaceAll(/--[^\n]*/g, '').replaceAll(/\/\*[\s\S]*?\*\//g, '');

/**
 * What in a migration an earlier version may not survive: data or names that it needs are gone afterwards. Only the
 * part that goes forward is read (up to dbmate's `-- migrate:down`). A guess by words, meant to make a person look.
 */
export const destructiveParts = (sql: string): string[] => {
  const forward = withoutComments(sql.split(/^\s*--\s*migrate:down/im)[0] ?? '');
  return [...new Set(DESTRUCTIVE.filter((d) => d.pattern.test(forward)).map((d) => d.what))];
};
