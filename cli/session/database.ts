import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretReference } from '../../config/release.types.ts';
import type { App, Database } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { refused } from '../../lib/errors.ts';
import type { Redactor } from '../../lib/redact.ts';
import type { Secrets, Tasks } from '../../release/ports/supply.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import type { Ports, Undo } from '../../release/runner/types.ts';
import { parseAddress } from '../../release/adapters/database/address.ts';
import { backupStore } from '../../release/adapters/database/backup-store.ts';
import {
  appliedMigrations,
  migrationFiles,
  pendingFiles,
  type MigrationFile,
} from '../../release/adapters/database/migrations.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import type { Restored } from '../tasks/restore.ts';
import type { UndoMarker } from '../tasks/undo.ts';

export interface DatabaseOptions {
  readonly app: App;
  /** Folder that the configuration's paths are relative to. */
  readonly root: string;
  readonly secrets: Secrets;
  readonly hidden: Redactor;
}

/** URL of the application's database; from then on it is hidden in everything that is said. */
export const databaseUrl = async ({ app, secrets, hidden }: DatabaseOptions): Promise<string> => {
  const name = app.database === undefined ? undefined : app.secrets[app.database.url];
  const reference = name === undefined ? undefined : await secrets.describe(name);
  if (reference === undefined)
    throw refused(`the database’s URL is not there: secret ${name ?? 'unnamed'} does not exist`);
  const url = await secrets.read(reference);
  hidden.add(url);
  return url;
};

const filesOf = ({ app, root }: DatabaseOptions): readonly MigrationFile[] => {
  const directory = app.database?.migrations.directory;
  return directory === undefined ? [] : migrationFiles(join(root, directory));
};

const pending = async (options: DatabaseOptions): Promise<readonly string[]> => {
  if (options.app.database?.runs === 'task')
    throw refused('the database is reached from its network alone (database.runs: task)');
  const files = filesOf(options);
  if (files.length === 0) return [];
  const address = parseAddress(await databaseUrl(options));
  const applied = await withClient(address, AbortSignal.timeout(10_000), appliedMigrations);
  return pendingFiles(files, applied).map((f) => f.name);
};

/** Commands on this machine, a line at a time. */
export const runCommand =
  (root: string): Tasks['run'] =>
  async (command, environment, onLine, signal) => {
    const child = spawn('sh', ['-c', command], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    return { exitCode };
  };

export interface RestoreOptions extends DatabaseOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly directory: string;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The database of the application and the reference to its URL. Throws (exit 3) where either is missing. */
export const databaseOf = async ({
  app,
  secrets,
}: Pick<RestoreOptions, 'app' | 'secrets'>): Promise<{ database: Database; reference: SecretReference }> => {
  const { database } = app;
  if (database === undefined) throw refused(`${app.environment} has no database`, 'sluice:app.database');
  const name = app.secrets[database.url] ?? database.url;
  const reference = await secrets.describe(name);
  if (reference === undefined)
    throw refused(`secret ${name} does not exist`, 'create it in AWS Secrets Manager');
  return { database, reference };
};

/** Where backups by schedule lie: a prefix of their own, with a lock and an expiry of their own. */
export const dailyPrefix = (database: Database): string => `daily/${database.backup.prefix}`;

/** Restores a backup, of a deployment or by schedule, into the application's database. `force`: although newer data is lost. */
export const restoreDatabase = async (
  options: RestoreOptions,
  deployment: string,
  force: boolean,
  signal: AbortSignal,
): Promise<Restored> => {
  const { app, secrets, client, bucket, directory, clock, environment } = options;
  const { database, reference } = await databaseOf(options);
  const daily = await backupStore(client, bucket, dailyPrefix(database)).metadata(deployment);
  const { restore } = await import('../tasks/restore.ts');
  return restore(
    {
      application: app.application,
      environment: app.environment,
      deployment,
      directory,
      timeout: app.backups.recoveryTime * 4,
      bucket,
      prefix: daily === undefined ? database.backup.prefix : dailyPrefix(database),
      database: reference,
      force,
    },
    { secrets, clock, signal, env: environment },
    client,
  );
};

/** Undoes migrations of the application's database by the configured command. Throws (exit 3) where there is none. */
export const undoMigrations = async (
  options: RestoreOptions,
  { timeoutMs, ...what }: Undo,
  records: ObjectStore,
  signal: AbortSignal,
): Promise<UndoMarker> => {
  const { app, secrets, directory, clock, environment, root } = options;
  const { database, reference } = await databaseOf(options);
  const { back } = database.migrations;
  if (back === undefined)
    throw refused(
      `no command is configured that undoes migrations of ${app.environment}`,
      'sluice:app.database.migrations.back',
    );
  const { undo } = await import('../tasks/undo.ts');
  return undo(
    {
      ...what,
      environment: app.environment,
      directory,
      timeout: timeoutMs,
      database: reference,
      command: back,
      urlName: database.url,
      cwd: root,
    },
    { secrets, clock, signal, env: { ...process.env, ...environment } },
    records,
  );
};

/** What a deployment asks of the database from this machine: what is pending, and what it would do. */
export const databasePorts = (options: DatabaseOptions): Pick<Ports, 'tasks' | 'migration'> => ({
  tasks: { run: runCommand(options.root), list: () => pending(options) },
  migration: async (name) => {
    const file = filesOf(options).find((f) => f.name === name);
    return file === undefined ? undefined : readFile(file.path, 'utf8');
  },
});
