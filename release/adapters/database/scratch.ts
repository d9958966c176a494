import { createHash } from 'node:crypto';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { EXIT, ExpectedError, messageOf } from '../../../lib/errors.ts';
import { type Address, describeAddress, withDatabase } from './address.ts';
import { rows, withClient } from './session.ts';

/** How text is stored and sorted; a copy must have the same or it may refuse or reorder data. */
export interface Locale {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** c: the system's, i: ICU, b: PostgreSQL's own. */
  readonly provider: string;
  readonly locale: string | undefined;
}

export const localeOf = async (client: Client): Promise<Locale> => {
  // The columns have other names in older versions; as JSON they can be looked for.
  const [found] = await rows<{ d: Record<string, string | null> }>(
    client,
    `SELECT to_jsonb(d) || jsonb_build_object('encoding', pg_encoding_to_char(d.encoding)) AS d
     FROM pg_database d WHERE d.datname = current_database()`,
  );
  const d = found?.d ?? {};
  return {
    encoding: d['encoding'] ?? 'UTF8',
    collate: d['datcollate'] ?? 'C',
    ctype: d['datctype'] ?? 'C',
    provider: d['datlocprovider'] ?? 'c',
    locale: d['datlocale'] ?? d['daticulocale'] ?? undefined,
  };
};

const localeClauses = (l: Locale): string => {
  const shared = `ENCODING ${escapeLiteral(l.encoding)} LC_COLLATE ${escapeLiteral(l.collate)} LC_CTYPE ${escapeLiteral(l.ctype)}`;
  if (l.locale === undefined || l.provider === 'c') return shared;
  return l.provider === 'i'
    ? `${shared} LOCALE_PROVIDER icu ICU_LOCALE ${escapeLiteral(l.locale)}`
    : `${shared} LOCALE_PROVIDER builtin BUILTIN_LOCALE ${escapeLiteral(l.locale)}`;
};

/** Database names have 63 bytes; what does not fit is replaced by a hash. */
export const databaseName = (...parts: readonly string[]): string => {
  const name = parts
    .join('_')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_');
  return name.length <= 63
    ? name
    : `${name.slice(0, 50)}_${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
};

export const createDatabase = async (client: Client, name: string, locale: Locale): Promise<void> => {
  try {
    await client.query(
      `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0 ${localeClauses(locale)}`,
    );
  } catch (error) {
    const denied = (error as { code?: string }).code === '42501';
    throw new ExpectedError(`the database ${name} cannot be made: ${messageOf(error)}`, {
      exit: EXIT.personNeeded,
      hint: denied
        ? 'let the database user make databases (ALTER ROLE … CREATEDB), or name another server in database.backup.scratchUrl, or set database.backup.verify: checksum'
        : 'see that the server has room and knows the locale',
      cause: error,
    });
  }
};

export const dropDatabase = async (client: Client, name: string): Promise<void> =>
  void (await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`));

/** For the drop that must happen even when everything was called off. */
const DROP_WITHIN_MS = 30_000;

/**
 * A database that exists while `use` runs and is dropped afterwards, whatever happened. One of the same name, left by
 * a killed process, is dropped before. `server`: any database there; it is connected to, not touched.
 */
export const withScratch = async <T>(
  server: Address,
  name: string,
  locale: Locale,
  signal: AbortSignal,
  use: (scratch: Address) => Promise<T>,
): Promise<T> => {
  try {
    await withClient(server, signal, async (client) => {
      await dropDatabase(client, name);
      await createDatabase(client, name, locale);
    });
    return await use(withDatabase(server, name));
  } finally {
    await withClient(server, AbortSignal.timeout(DROP_WITHIN_MS), (client) =>
      dropDatabase(client, name),
    ).catch((error: unknown) => {
      throw new ExpectedError(
        `the scratch database ${name} on ${describeAddress(server)} could not be dropped: ${messageOf(error)}`,
        {
          exit: EXIT.personNeeded,
          hint: `drop it by hand: DROP DATABASE ${name} WITH (FORCE)`,
          cause: error,
        },
      );
    });
  }
};
