import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretReference } from '../../config/release.types.ts';
import { EXIT, ExpectedError, messageOf, refused } from '../../lib/errors.ts';
import { type Address, describeAddress, withDatabase } from '../../release/adapters/database/address.ts';
import type { BackupMetadata } from '../../release/adapters/database/backup-metadata.ts';
import {
  type BackupStore,
  backupStore,
  type StoredDump,
} from '../../release/adapters/database/backup-store.ts';
import { contentDifferences } from '../../release/adapters/database/compare.ts';
import { fingerprint } from '../../release/adapters/database/fingerprint.ts';
import { loadDump } from '../../release/adapters/database/load.ts';
import { appliedMigrations } from '../../release/adapters/database/migrations.ts';
import { measureStream, unpackDump } from '../../release/adapters/database/packed.ts';
import {
  createDatabase,
  databaseName,
  dropDatabase,
  localeOf,
} from '../../release/adapters/database/scratch.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import { copyDatabaseSettings, databaseExists, swapDatabases } from '../../release/adapters/database/swap.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import { reader, VARIABLES } from './environment.ts';
import { megabytes, runTask, seconds, type Task, type TaskPorts } from './task.ts';

export interface RestoreInput {
  readonly application: string;
  readonly environment: string;
  /** Deployment whose backup is restored. */
  readonly deployment: string;
  readonly directory: string;
  readonly timeout: number | undefined;
  readonly bucket: string;
  readonly prefix: string;
  readonly database: SecretReference;
  /** Whether what was written since the backup may be lost. */
  readonly force: boolean;
}

export interface Restored {
  readonly deployment: string;
  readonly location: string;
  /** The moment the database shows again, ISO 8601. */
  readonly timestamp: string;
  readonly restoredAt: string;
  readonly database: string;
  /** Under which name the database that was there is kept; undefined: there was none. */
  readonly keptAs: string | undefined;
  /** What was there and is not in the backup. */
  readonly lost: readonly string[];
  readonly durationMs: number;
}

export const readRestoreInput = (env: TaskPorts['env'], force: boolean): RestoreInput => {
  const read = reader('restore', env);
  const environment = read.text(VARIABLES.environment, 'the name of the environment');
  const input: RestoreInput = {
    application: read.text(VARIABLES.application, 'the application’s name'),
    environment,
    deployment: read.deployment(),
    directory: read.optional(VARIABLES.directory) ?? '.sluice',
    timeout: read.whole(VARIABLES.timeout, undefined, 1),
    bucket: read.text(VARIABLES.backupBucket, 'the bucket for backups'),
    prefix: read.optional(VARIABLES.backupPrefix) ?? environment,
    database: read.secret(VARIABLES.databaseSecret, 'where the database’s URL is kept'),
    force,
  };
  read.done();
  return input;
};

/** Reads everything but `force` from the environment. */
export const runRestore = (ports: TaskPorts, options: { readonly force: boolean }): Promise<Restored> =>
  restore(readRestoreInput(ports.env, options.force), ports, s3Client(ports.env));

/**
 * Restores a deployment's backup beside the database and swaps the two by name, so that a restore that fails loses
 * nothing; the old database is kept. Refuses (exit 3) a backup of something else, and, without `force`, to lose what
 * was written since; throws exit 5 when the backup is damaged.
 */
export const restore = (input: RestoreInput, ports: TaskPorts, client: S3Client): Promise<Restored> =>
  runTask({ ...input, kind: 'restore' }, ports, async (task) => {
    const began = task.clock.now();
    const store = backupStore(client, input.bucket, input.prefix);
    const backup = await findBackup(input, store);
    const dump = await checkedDump(backup, store, task);
    const database = await task.database(input.database);
    const server = withDatabase(database, await otherDatabase(database, task.signal));
    const there = await withClient(server, task.signal, (c) => databaseExists(c, database.database));
    const lost = there ? await losses(database, backup, task) : [];
    if (lost.length > 0 && !input.force) throw wouldLose(input, backup, lost);
    for (const line of lost) task.log(`lost by this restore: ${line}`);
    const stamp = new Date(task.clock.now()).toISOString().slice(0, 19).replaceAll(/\D/g, '');
    const fresh = databaseName(database.database, 'restore', stamp);
    const kept = databaseName(database.database, 'before', stamp);
    await load({ store, dump, backup, server, fresh, original: there ? database : undefined, task });
    task.log(`putting ${fresh} in the place of ${database.database}`);
    await withClient(server, task.signal, async (c) => {
      if (there) await copyDatabaseSettings(c, database.database, fresh);
      await swapDatabases(c, { name: database.database, fresh, kept });
    }).catch(async (error: unknown) => {
      await dropFresh(server, fresh, task);
      throw error;
    });
    const durationMs = task.clock.now() - began;
    task.log(`${describeAddress(database)} shows ${backup.timestamp} again, after ${seconds(durationMs)}`);
    if (there) task.log(`the database that was there is kept as ${kept}; drop it when nobody misses it`);
    return {
      deployment: input.deployment,
      location: backup.location,
      timestamp: backup.timestamp,
      restoredAt: new Date(task.clock.now()).toISOString(),
      database: database.database,
      keptAs: there ? kept : undefined,
      lost,
      durationMs,
    };
  });

export const findBackup = async (
  input: Pick<RestoreInput, 'application' | 'environment' | 'deployment'>,
  store: BackupStore,
): Promise<BackupMetadata> => {
  const found = await store.metadata(input.deployment);
  if (found === undefined) {
    const others = (await store.deployments()).slice(-5).reverse();
    throw refused(
      `there is no backup of ${input.deployment} at ${store.location(input.deployment)}`,
      others.length === 0 ? 'no backups lie below this prefix' : `the latest ones: ${others.join(', ')}`,
    );
  }
  if (found.environment !== input.environment || found.application !== input.application)
    throw refused(
      `${found.location} is a backup of ${found.application} ${found.environment}, not of ${input.application} ${input.environment}; nothing was changed`,
      `sluice backup restore ${input.deployment} --stack ${found.environment}`,
    );
  if (!found.verified)
    throw refused(
      `the backup of ${input.deployment} was never found good (${found.verification.differences[0] ?? 'not verified'}); nothing was changed`,
      'take an earlier one: sluice backup list',
    );
  return found;
};

/** The stored object, after its checksum was found to be that of the metadata. */
export const checkedDump = async (
  backup: BackupMetadata,
  store: BackupStore,
  task: Task,
): Promise<StoredDump> => {
  const damaged = (reason: string): ExpectedError =>
    new ExpectedError(`the backup ${backup.location} is damaged: ${reason}; nothing was changed`, {
      exit: EXIT.personNeeded,
      hint: 'look for an earlier version of this object in the bucket, or take an earlier backup: sluice backup list',
    });
  const dump = await store.stat(backup.deployment);
  if (dump === undefined) throw damaged('the object is not there');
  task.log(`checking ${backup.location} (${megabytes(backup.size)}) of ${backup.timestamp}`);
  const body = await store.download(backup.deployment, dump.versionId, task.signal);
  const found = await measureStream(body, task.signal).catch((error: unknown) => {
    task.signal.throwIfAborted();
    throw damaged(messageOf(error));
  });
  if (found.sha256 !== backup.sha256)
    throw damaged(`its sha256 is ${found.sha256} instead of ${backup.sha256}`);
  task.log(`sha256 ${found.sha256} is right`);
  return dump;
};

/** Databases cannot be renamed from inside: the first other one that lets us in. */
export const otherDatabase = async (database: Address, signal: AbortSignal): Promise<string> => {
  const candidates = ['postgres', 'defaultdb', 'template1'].filter((n) => n !== database.database);
  for (const name of candidates) {
    try {
      return await withClient(withDatabase(database, name), signal, async () => Promise.resolve(name));
    } catch (error) {
      signal.throwIfAborted();
      if (name === candidates.at(-1)) throw error;
    }
  }
  throw new Error('there is always a last candidate');
};

/** What the database holds beyond the backup, or otherwise than the backup. */
const losses = async (database: Address, backup: BackupMetadata, task: Task): Promise<string[]> => {
  task.log('looking what was written since the backup');
  return withClient(database, task.signal, async (client) => {
    const applied = await appliedMigrations(client);
    const now = await fingerprint(client);
    const since = applied.filter((name) => !backup.migrations.includes(name));
    const was = new Map(backup.tables.map((t) => [t.name, t]));
    const tables = now.tables.flatMap((t) => {
      const before = was.get(t.name);
      if (before === undefined) return t.rows === 0 ? [] : [`table ${t.name} is new and has ${t.rows} rows`];
      if (before.hash === t.hash) return [];
      const more = t.rows - before.rows;
      const counts =
        more === 0 ? `still ${t.rows} rows, some changed` : `${before.rows} rows then, ${t.rows} now`;
      return [`table ${t.name}: ${counts}`];
    });
    return [...since.map((name) => `migration ${name} has run since`), ...tables];
  });
};

const wouldLose = (input: RestoreInput, backup: BackupMetadata, lost: readonly string[]): ExpectedError =>
  refused(
    [
      `restoring the backup of ${backup.timestamp} would lose what was written since; nothing was changed`,
      ...lost.slice(0, 20).map((l) => `  ${l}`),
      ...(lost.length > 20 ? [`  and ${lost.length - 20} more`] : []),
    ].join('\n'),
    `to lose it: sluice backup restore ${input.deployment} --stack ${input.environment} --force (the old database is kept beside)`,
  );

interface Load {
  readonly store: BackupStore;
  readonly dump: StoredDump;
  readonly backup: BackupMetadata;
  readonly server: Address;
  readonly fresh: string;
  /** The database that is there, for its locale. */
  readonly original: Address | undefined;
  readonly task: Task;
}

/** Makes the fresh database, fills it and holds it against the metadata; drops it when anything is wrong. */
const load = async ({ store, dump, backup, server, fresh, original, task }: Load): Promise<void> => {
  const { signal } = task;
  const locale = await withClient(original ?? server, signal, localeOf);
  task.log(`restoring into ${fresh}`);
  try {
    await withClient(server, signal, (c) => createDatabase(c, fresh, locale));
    const target = withDatabase(server, fresh);
    const body = await store.download(backup.deployment, dump.versionId, signal);
    const { result } = await unpackDump(body, signal, (plain) =>
      withClient(target, signal, (c) => loadDump(plain, c, signal)),
    );
    for (const line of result.skipped) task.log(`left out, its role is not here: ${line}`);
    const copy = await withClient(target, signal, fingerprint);
    const wrong = contentDifferences(backup.tables, copy.tables);
    if (wrong.length > 0)
      throw new ExpectedError(
        [
          `the restored copy is not what the backup's metadata says; nothing was changed`,
          ...wrong.slice(0, 20).map((w) => `  ${w}`),
        ].join('\n'),
        { exit: EXIT.personNeeded, hint: 'take an earlier backup: sluice backup list' },
      );
  } catch (error) {
    await dropFresh(server, fresh, task);
    signal.throwIfAborted();
    if (error instanceof ExpectedError) throw error;
    throw new ExpectedError(`the backup could not be restored: ${messageOf(error)}; nothing was changed`, {
      exit: EXIT.personNeeded,
      cause: error,
    });
  }
};

const dropFresh = (server: Address, fresh: string, task: Task): Promise<void> =>
  withClient(server, AbortSignal.timeout(30_000), (c) => dropDatabase(c, fresh)).catch((error: unknown) =>
    task.log(`the unfinished database ${fresh} could not be dropped: ${messageOf(error)}`),
  );
