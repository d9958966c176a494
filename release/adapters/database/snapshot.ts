import type { Client } from 'pg';
import {
  type DatabaseFingerprint,
  fingerprint,
  type SequenceState,
  sequenceStates,
  tableNames,
} from './fingerprint.ts';
import { rows } from './session.ts';

/** One moment of a database, held still while others write. */
export interface Snapshot {
  /** For `pg_dump --snapshot`. */
  readonly name: string;
  /** Sequences do not obey snapshots: their states when the snapshot was taken. */
  readonly sequencesBefore: readonly SequenceState[];
  /** What the database held at that moment. */
  fingerprint(): Promise<DatabaseFingerprint>;
  /** Lets go of it, and of the locks. */
  end(): Promise<void>;
}

/**
 * Takes a snapshot on this connection. Tables are locked against being dropped, emptied or altered (reading and
 * writing rows go on), because those would show through the snapshot.
 */
export const takeSnapshot = async (client: Client): Promise<Snapshot> => {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  // This connection is idle while the dump runs.
  await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  const [exported] = await rows<{ name: string }>(client, 'SELECT pg_export_snapshot() AS name');
  const tables = await tableNames(client);
  for (let i = 0; i < tables.length; i += 200)
    await client.query(`LOCK TABLE ONLY ${tables.slice(i, i + 200).join(', ONLY ')} IN ACCESS SHARE MODE`);
  const sequencesBefore = await sequenceStates(client);
  return {
    name: exported?.name ?? '',
    sequencesBefore,
    fingerprint: () => fingerprint(client),
    end: async () => void (await client.query('ROLLBACK')),
  };
};
