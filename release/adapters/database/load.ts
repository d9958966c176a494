import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { messageOf } from '../../../lib/errors.ts';
import { readDump } from './dump-reader.ts';

export interface Loaded {
  readonly statements: number;
  readonly copies: number;
  /** What was left out because this server has not the role it names, or leaves it to its owner. */
  readonly skipped: readonly string[];
}

/** A statement of the dump that the server refused. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly statement: string;
  constructor(message: string, statement: string, cause: unknown) {
    super(message, { cause });
    this.statement = statement;
  }
}

const UNDEFINED_OBJECT = '42704';
const INSUFFICIENT_PRIVILEGE = '42501';
const ABOUT_ROLES = /^(?:ALTER\s[\s\S]*\sOWNER\s+TO\s|GRANT\s|REVOKE\s|ALTER\s+DEFAULT\s+PRIVILEGES\s)/i;
const ABOUT_EXTENSIONS = /^COMMENT\s+ON\s+EXTENSION\s/i;

/** Whose a thing is may differ between servers; what it holds may not. */
const mayBeSkipped = (sql: string, error: unknown): boolean => {
  const code = (error as { code?: unknown }).code;
  if (ABOUT_ROLES.test(sql)) return code === UNDEFINED_OBJECT && messageOf(error).startsWith('role ');
  return ABOUT_EXTENSIONS.test(sql) && code === INSUFFICIENT_PRIVILEGE;
};

const firstLine = (sql: string): string => sql.split('\n', 1)[0]?.slice(0, 200) ?? '';

/**
 * Loads a plain dump into an empty database through one connection, in constant memory. The first refused statement
 * ends it with a `LoadError`; the connection's settings are the dump's afterwards.
 */
export const loadDump = async (
  source: AsyncIterable<Buffer>,
  client: Client,
  signal: AbortSignal,
): Promise<Loaded> => {
  let statements = 0;
  let copies = 0;
  const skipped: string[] = [];
  for await (const item of readDump(source)) {
    signal.throwIfAborted();
    try {
      if (item.kind === 'copy') {
        await pipeline(item.data, client.query(copyFrom(item.sql)), { signal });
        copies += 1;
      } else {
        await client.query(item.sql);
        statements += 1;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!mayBeSkipped(item.sql, error))
        throw new LoadError(`${messageOf(error)}; in: ${firstLine(item.sql)}`, item.sql, error);
      skipped.push(firstLine(item.sql));
    }
  }
  return { statements, copies, skipped };
};
