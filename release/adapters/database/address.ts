import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { ExpectedError, EXIT } from '../../../lib/errors.ts';

/** Where a database is, taken from its URL. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: { readonly verify: boolean; readonly ca: string | undefined } | undefined;
}

const wrong = (reason: string): ExpectedError =>
  new ExpectedError(`the database's URL ${reason}`, {
    exit: EXIT.badInput,
    hint: 'allowed: postgresql://user:password@host:5432/database, with ?sslmode= where needed; the value itself is not shown',
  });

const part = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('has a % that is no escape');
  }
};

const TLS_MODES: Readonly<Record<string, { verify: boolean } | undefined>> = {
  disable: undefined,
  allow: undefined,
  prefer: undefined,
  'no-verify': { verify: false },
  require: { verify: true },
  'verify-ca': { verify: true },
  'verify-full': { verify: true },
};

/** Reads a URL; throws bad input without repeating it. Parameters of other tools (`?schema=public`) are left alone. */
export const parseAddress = (text: string): Address => {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('is no URL');
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    throw wrong('does not begin with postgresql://');
  const mode = url.searchParams.get('sslmode') ?? 'disable';
  if (!(mode in TLS_MODES)) throw wrong('has an unknown sslmode');
  const tls = TLS_MODES[mode];
  const ca = url.searchParams.get('sslrootcert') ?? undefined;
  const host = url.searchParams.get('host') ?? part(url.hostname).replaceAll(/[[\]]/g, '');
  const database = part(url.pathname.slice(1));
  if (host === '') throw wrong('has no host');
  if (host.startsWith('/')) throw wrong('names a socket; a host is needed');
  if (database === '') throw wrong('has no database name');
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    user: part(url.username),
    password: part(url.password),
    database,
    tls: tls && { ...tls, ca: ca === undefined ? undefined : readFileSync(ca, 'utf8') },
  };
};

export const withDatabase = (address: Address, database: string): Address => ({ ...address, database });

/** The same server's URL with another database, everything else as it was. */
export const urlWithDatabase = (text: string, database: string): string => {
  const url = new URL(text);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
};

/** Where it is, without user and password: for messages. */
export const describeAddress = (a: Address): string => `${a.host}:${a.port}/${a.database}`;

/** How `pg` connects to it. */
export const clientConfig = (a: Address): ClientConfig => ({
  host: a.host,
  port: a.port,
  user: a.user,
  password: a.password,
  database: a.database,
  application_name: 'sluice',
  keepAlive: true,
  connectionTimeoutMillis: 15_000,
  ssl:
    a.tls === undefined
      ? false
      : { rejectUnauthorized: a.tls.verify, ...(a.tls.ca === undefined ? {} : { ca: a.tls.ca }) },
});
