import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { badInput, messageOf } from '../../../lib/errors.ts';
import { rows } from './session.ts';

/** Tables in which migration tools note what has run, and the column with its name. */
const KNOWN: readonly { readonly table: string; readonly select: string }[] = [
  { table: 'schema_migrations', select: 'SELECT version::text AS name FROM %t' },
  {
    table: '_prisma_migrations',
    select: 'SELECT migration_name AS name FROM %t WHERE finished_at IS NOT NULL',
  },
  { table: 'pgmigrations', select: 'SELECT name FROM %t' },
  { table: 'knex_migrations', select: 'SELECT name FROM %t' },
  { table: 'django_migrations', select: `SELECT app || '.' || name AS name FROM %t` },
];

/** Names of the migrations that have run, in order, as far as a known tool notes them; none otherwise. */
export const appliedMigrations = async (client: Client): Promise<string[]> => {
  const found: string[] = [];
  for (const { table, select } of KNOWN) {
    const [there] = await rows<{ name: string | null }>(
      client,
      `SELECT (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relname = $1 AND c.relkind = 'r' AND n.nspname !~ '^pg_' ORDER BY n.nspname = 'public' DESC LIMIT 1) AS name`,
      [table],
    );
    if (there?.name === undefined || there.name === null) continue;
    const applied = await rows<{ name: string }>(client, `${select.replace('%t', there.name)} ORDER BY 1`);
    found.push(...applied.map((r) => r.name));
  }
  return found;
};

export interface MigrationFile {
  /** As the tool names it when it has run: `20260601090000` for dbmate, the folder's name for Prisma. */
  readonly name: string;
  readonly path: string;
}

/** The files of a folder: `<version>_<words>.sql`, or one folder with a `migration.sql` each. In the order they run. */
export const migrationFiles = (directory: string): MigrationFile[] => {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw badInput('the migrations cannot be read', [
      { path: 'SLUICE_MIGRATION_DIRECTORY', reason: messageOf(error), got: directory },
    ]);
  }
  return entries
    .flatMap((entry): MigrationFile[] => {
      if (entry.isDirectory()) {
        const inside = readdirSync(join(directory, entry.name));
        return inside.includes('migration.sql')
          ? [{ name: entry.name, path: join(directory, entry.name, 'migration.sql') }]
          : [];
      }
      return entry.name.endsWith('.sql') ? [{ name: entry.name, path: join(directory, entry.name) }] : [];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** Whether the applied name means this file: the tools note the version, the name, or the name without its ending. */
const isApplied = (file: MigrationFile, applied: ReadonlySet<string>): boolean => {
  const bare = file.name.replace(/\.sql$/, '');
  const version = /^(\d+)/.exec(file.name)?.[1];
  return applied.has(file.name) || applied.has(bare) || (version !== undefined && applied.has(version));
};

export const pendingFiles = (
  files: readonly MigrationFile[],
  applied: readonly string[],
): MigrationFile[] => {
  const names = new Set(applied);
  return files.filter((f) => !isApplied(f, names));
};
