import { destructiveParts } from '../../core/migrations.ts';
import { statementReader } from './statements.ts';

/** One statement of a migration file. */
export interface MigrationStatement {
  readonly sql: string;
  /** Lines of the file, from 1. */
  readonly from: number;
  readonly to: number;
  /** What an earlier version may not survive, e.g. `drops a table`; empty: nothing. */
  readonly destructive: readonly string[];
}

/** The part that goes forward; everything after dbmate's `-- migrate:down` only goes back. */
const isDown = (line: string): boolean => /^\s*--\s*migrate:down\b/i.test(line);

/** Words inside quotes do nothing; those of a DO block are run. */
const withoutQuoted = (sql: string): string => {
  const plain = sql.replaceAll(/'(?:[^']|'')*'/g, "''");
  return /^DO\b/i.test(sql) ? plain : plain.replaceAll(/(\$\w*\$)[\s\S]*?\1/g, "''");
};

/** The statements of a migration that goes forward, with where they stand and what they take away. */
export const migrationStatements = (text: string): MigrationStatement[] => {
  const reader = statementReader();
  const found: MigrationStatement[] = [];
  let from = 0;
  const add = (sql: string, to: number): void => {
    found.push({ sql, from: from === 0 ? to : from, to, destructive: destructiveParts(withoutQuoted(sql)) });
    from = 0;
  };
  const lines = text.split('\n');
  const down = lines.findIndex(isDown);
  const forward = down < 0 ? lines : lines.slice(0, down);
  for (const [index, line] of forward.entries()) {
    for (const sql of reader.line(`${line}\n`)) add(sql, index + 1);
    if (reader.open && from === 0) from = index + 1;
  }
  const rest = reader.rest();
  if (rest !== undefined) add(rest, forward.length);
  return found;
};

/** Names that an error message puts in quotes. */
const quotedNames = (message: string): string[] =>
  [...message.matchAll(/["“']([\w.$-]+)["”']/g)].map((m) => m[1] ?? '');

/**
 * The statement that an error means: by its line, where the tool gives one; otherwise the one that names most of
 * what the message names, when there is just one such.
 */
export const failingStatement = (
  statements: readonly MigrationStatement[],
  message: string,
): MigrationStatement | undefined => {
  const line = Number(/\bline:? (\d+)/i.exec(message)?.[1] ?? 0);
  const byLine = statements.find((s) => line >= s.from && line <= s.to);
  if (byLine !== undefined) return byLine;
  if (statements.length === 1) return statements[0];
  const names = quotedNames(message);
  const scores = statements.map(
    (s) => names.filter((n) => new RegExp(`\\b${n.replaceAll(/[.$]/g, '\\$&')}\\b`, 'i').test(s.sql)).length,
  );
  const best = Math.max(0, ...scores);
  const found = statements.filter((_, i) => scores[i] === best);
  return best > 0 && found.length === 1 ? found[0] : undefined;
};

/** On one line, not too long, and without the passwords that some statements hold. */
export const shortStatement = (sql: string, length = 300): string => {
  const line = sql
    .replaceAll(/(\bpassword\s+)'(?:[^']|'')*'/gi, "$1'***'")
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
};
