import type { SecretReference } from '../../config/release.types.ts';
import {
  type Address,
  describeAddress,
  urlWithDatabase,
  withDatabase,
} from '../../release/adapters/database/address.ts';
import {
  createDatabase,
  databaseName,
  dropDatabase,
  localeOf,
} from '../../release/adapters/database/scratch.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import { copyDatabaseSettings, databaseExists, swapDatabases } from '../../release/adapters/database/swap.ts';
import { messageOf } from '../../lib/errors.ts';
import { otherDatabase } from './restore.ts';
import { runTask, seconds, type Task, type TaskPorts } from './task.ts';

export interface ReplaceInput {
  readonly environment: string;
  readonly directory: string;
  readonly database: SecretReference;
  /** For the log. */
  readonly what: string;
}

/** The database that is being filled. */
export type Fresh = Address & { readonly url: string };

export interface Replaced {
  readonly database: string;
  /** Under which name the database that was there is kept; undefined: there was none. */
  readonly keptAs: string | undefined;
  readonly durationMs: number;
}

/**
 * Puts another database in the place of the application's: made beside it, filled by `fill`, swapped by name. The old
 * one is kept; where `fill` fails, everything is as it was.
 */
export const replaceDatabase = (
  input: ReplaceInput,
  ports: TaskPorts,
  fill: (fresh: Fresh, task: Task) => Promise<void>,
): Promise<Replaced> => {
  const began = ports.clock.now();
  const deployment = `${Math.floor(began / 1_000)}-${'0'.repeat(12)}`;
  return runTask({ ...input, deployment, timeout: undefined, kind: 'restore' }, ports, async (task) => {
    const database = await task.database(input.database);
    const server = withDatabase(database, await otherDatabase(database, task.signal));
    const there = await withClient(server, task.signal, (c) => databaseExists(c, database.database));
    const stamp = new Date(began).toISOString().slice(0, 19).replaceAll(/\D/g, '');
    const fresh = databaseName(database.database, 'fresh', stamp);
    const kept = databaseName(database.database, 'before', stamp);
    const locale = await withClient(there ? database : server, task.signal, localeOf);
    task.log(`${input.what}: making ${fresh} beside ${describeAddress(database)}`);
    try {
      await withClient(server, task.signal, (c) => createDatabase(c, fresh, locale));
      await fill({ ...withDatabase(database, fresh), url: urlWithDatabase(database.url, fresh) }, task);
      await withClient(server, task.signal, async (c) => {
        if (there) await copyDatabaseSettings(c, database.database, fresh);
        await swapDatabases(c, { name: database.database, fresh, kept });
      });
    } catch (error) {
      await withClient(server, AbortSignal.timeout(30_000), (c) => dropDatabase(c, fresh)).catch(
        (again: unknown) => task.log(`${fresh} could not be dropped: ${messageOf(again)}`),
      );
      throw error;
    }
    const durationMs = task.clock.now() - began;
    task.log(
      `${input.what}: done in ${seconds(durationMs)}${there ? `; the old database is kept as ${kept}` : ''}`,
    );
    return { database: database.database, keptAs: there ? kept : undefined, durationMs };
  });
};
