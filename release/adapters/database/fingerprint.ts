import type { Client } from 'pg';
import { SCHEMA_QUERY } from './schema-query.ts';
import { rows } from './session.ts';

export interface TableFingerprint {
  /** Quoted and with its schema, as SQL wants it. */
  readonly name: string;
  readonly rows: number;
  /** Two independent 64-bit hashes of every row, each summed up: the order of rows does not matter. */
  readonly hash: string;
}

export interface SequenceState {
  readonly name: string;
  readonly value: string;
  readonly called: boolean;
}

/** A column, constraint, index, view, function, … and how it is defined. */
export interface SchemaObject {
  readonly kind: string;
  readonly name: string;
  readonly definition: string;
}

export interface DatabaseFingerprint {
  readonly tables: readonly TableFingerprint[];
  readonly sequences: readonly SequenceState[];
  readonly schema: readonly SchemaObject[];
}

/** What decides how values are written as text, and whether names carry their schema. */
const SETTINGS: Readonly<Record<string, string>> = {
  search_path: '',
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  row_security: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  quote_all_identifiers: 'off',
  lc_monetary: 'C',
};

/** Part of the dump, and a user's: not the system's, not a temporary one, not an extension's. */
const USERS = (relation: string): string => `
  ${relation}.relnamespace::regnamespace::text !~ '^(pg_catalog|information_schema|pg_toast.*|pg_temp_.*)$'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = ${relation}.oid AND e.deptype = 'e')`;

const relationNames = async (client: Client, kind: 'r' | 'S'): Promise<string[]> =>
  (
    await rows<{ name: string }>(
      client,
      `SELECT format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = '${kind}' AND ${USERS('c')}
       ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
    )
  ).map((r) => r.name);

/** Tables with rows of their own (partitions, not their parents). */
export const tableNames = (client: Client): Promise<string[]> => relationNames(client, 'r');

export const sequenceStates = async (client: Client): Promise<SequenceState[]> => {
  const names = await relationNames(client, 'S');
  const found: SequenceState[] = [];
  for (let i = 0; i < names.length; i += 100) {
    const parts = names
      .slice(i, i + 100)
      .map((name, n) => `SELECT ${i + n} AS n, last_value::text AS value, is_called AS called FROM ${name}`);
    const states = await rows<{ n: number; value: string; called: boolean }>(
      client,
      parts.join(' UNION ALL '),
    );
    for (const s of states) found.push({ name: names[s.n] ?? '', value: s.value, called: s.called });
  }
  return found;
};

const tableFingerprint = async (client: Client, name: string): Promise<TableFingerprint> => {
  const [found] = await rows<{ rows: string; first: string; second: string }>(
    client,
    `SELECT count(*)::text AS rows,
            coalesce(sum(hashtextextended(x, 0)), 0)::text AS first,
            coalesce(sum(hashtextextended(x, 1)), 0)::text AS second
     FROM (SELECT ROW(t.*)::text COLLATE "C" AS x FROM ONLY ${name} t OFFSET 0) r`,
  );
  return { name, rows: Number(found?.rows), hash: `${found?.first}:${found?.second}` };
};

const settle = async (client: Client): Promise<void> => {
  for (const [name, value] of Object.entries(SETTINGS))
    await client.query('SELECT set_config($1, $2, false)', [name, value]);
};

/** Definitions of everything in the users' schemas. Changes the connection's settings. */
export const schemaObjects = async (client: Client): Promise<SchemaObject[]> => {
  await settle(client);
  return rows<{ kind: string; name: string; definition: string }>(client, SCHEMA_QUERY);
};

/**
 * What a database holds, small whatever its size: the server does the hashing. Runs in the connection's transaction,
 * where there is one, and changes the settings that decide how values look.
 */
export const fingerprint = async (client: Client): Promise<DatabaseFingerprint> => {
  await settle(client);
  const tables: TableFingerprint[] = [];
  for (const name of await tableNames(client)) tables.push(await tableFingerprint(client, name));
  return { tables, sequences: await sequenceStates(client), schema: await schemaObjects(client) };
};
