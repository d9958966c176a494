import { Client } from 'pg';
import { EXIT, ExpectedError, messageOf } from '../../../lib/errors.ts';
import { type Address, clientConfig, describeAddress } from './address.ts';

const REASONS: Readonly<Record<string, string>> = {
  '28P01': 'it refuses the user or the password',
  '28000': 'it refuses the user',
  '3D000': 'there is no such database',
  '53300': 'it takes no more connections',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is unknown',
};

/** Connects, uses, disconnects. An abort closes the connection, which ends what runs on it. */
export const withClient = async <T>(
  address: Address,
  signal: AbortSignal,
  use: (client: Client) => Promise<T>,
): Promise<T> => {
  signal.throwIfAborted();
  const client = new Client(clientConfig(address));
  // A lost connection fails the query that runs; between queries there is nobody to tell.
  client.on('error', () => undefined);
  const abort = (): void => void client.connection.stream.destroy();
  signal.addEventListener('abort', abort);
  try {
    await connect(client, address);
    return await use(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    await client.end().catch(() => undefined);
  }
};

const connect = async (client: Client, address: Address): Promise<void> => {
  try {
    await client.connect();
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    throw new ExpectedError(
      `the database ${describeAddress(address)} cannot be used: ${REASONS[code] ?? messageOf(error)}`,
      { exit: EXIT.personNeeded, cause: error },
    );
  }
};

/** Rows of one query, typed by the caller. */
export const rows = async <R extends object>(
  client: Client,
  sql: string,
  values?: readonly unknown[],
): Promise<R[]> =>
  (await client.query<R & Record<string, unknown>>(sql, values === undefined ? undefined : [...values])).rows;

export const serverVersion = async (client: Client): Promise<{ text: string; major: number }> => {
  const [found] = await rows<{ text: string; number: number }>(
    client,
    `SELECT current_setting('server_version') AS text, current_setting('server_version_num')::int AS number`,
  );
  return { text: found?.text ?? 'unknown', major: Math.floor((found?.number ?? 0) / 10_000) };
};
