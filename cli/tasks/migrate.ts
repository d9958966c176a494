import { readFileSync } from 'node:fs';
import type { Client } from 'pg';
import { z } from 'zod';
import type { SecretReference } from '../../config/release.types.ts';
import { EXIT, ExpectedError } from '../../lib/errors.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import { type Address, describeAddress } from '../../release/adapters/database/address.ts';
import { runCommand } from '../../release/adapters/database/command.ts';
import { schemaObjects } from '../../release/adapters/database/fingerprint.ts';
import {
  failingStatement,
  migrationStatements,
  type MigrationStatement,
  shortStatement,
} from '../../release/adapters/database/migration-sql.ts';
import { schemaDifferences } from '../../release/adapters/database/compare.ts';
import {
  appliedMigrations,
  type MigrationFile,
  migrationFiles,
  pendingFiles,
} from '../../release/adapters/database/migrations.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import { s3Objects } from '../../release/adapters/objects.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import { reader, VARIABLES } from './environment.ts';
import { runTask, seconds, type Task, type TaskPorts } from './task.ts';

export interface MigrateInput {
  readonly environment: string;
  readonly deployment: string;
  readonly version: string;
  readonly directory: string;
  readonly timeout: number | undefined;
  readonly recordBucket: string;
  readonly database: SecretReference;
  readonly command: string;
  readonly after: string | undefined;
  /** Folder with the migration files. */
  readonly migrations: string | undefined;
  /** Second name under which the command gets the URL. */
  readonly urlName: string | undefined;
  /** Folder the command runs in. */
  readonly cwd: string;
}

const markerSchema = z.object({
  format: z.literal(1),
  environment: z.string(),
  deployment: z.string(),
  version: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  durationMs: z.number(),
  /** Names of the migrations that ran, as the tool notes them. */
  applied: z.array(z.string()),
  /** Statements of those migrations, shortened, as far as their files are known. */
  statements: z.array(z.string()),
  destructive: z.array(z.string()),
});
/** What is left behind when a deployment's migration has run. */
export type MigrationMarker = z.infer<typeof markerSchema>;

/** Where the record bucket keeps that a deployment's migration has run. */
export const migrationMarkerKey = (environment: string, deployment: string): string =>
  `markers/${environment}/${deployment}/migrate.json`;

export const readMigrateInput = (env: TaskPorts['env'], cwd: string): MigrateInput => {
  const read = reader('migrate', env);
  const input: MigrateInput = {
    environment: read.text(VARIABLES.environment, 'the name of the environment'),
    deployment: read.deployment(),
    version: read.text(VARIABLES.version, 'the version that is being released'),
    directory: read.optional(VARIABLES.directory) ?? '.sluice',
    timeout: read.whole(VARIABLES.timeout, undefined, 1),
    recordBucket: read.text(VARIABLES.recordBucket, 'the bucket for records'),
    database: read.secret(VARIABLES.databaseSecret, 'where the database’s URL is kept'),
    command: read.text(VARIABLES.migrationCommand, 'the command that migrates'),
    after: read.optional(VARIABLES.migrationAfter),
    migrations: read.optional(VARIABLES.migrationDirectory),
    urlName: read.optional(VARIABLES.databaseUrlName),
    cwd,
  };
  read.done();
  return input;
};

/**
 * `sluice task migrate`: reads everything from the environment; the command runs in this process's folder, or in a task in
 * the network.
 */
export const runMigrate = async (ports: TaskPorts): Promise<MigrationMarker> => {
  const input = readMigrateInput(ports.env, process.cwd());
  const records = s3Objects(input.recordBucket, s3Client(ports.env));
  if (ports.env[VARIABLES.runs] !== 'task') return migrate(input, ports, records);
  const { migrateInNetwork, withTasks } = await import('./migrate-in-network.ts');
  return withTasks(ports, (tasks) => migrateInNetwork(input, { ...ports, tasks }, records));
};

/**
 * Runs the configured migration of a deployment, once: when its marker is there it ends at once. Throws
 * `ExpectedError` (exit 5) that names the file and the statement when the command fails, and says whether the
 * database is as before.
 */
export const migrate = (
  input: MigrateInput,
  ports: TaskPorts,
  records: ObjectStore,
): Promise<MigrationMarker> =>
  runTask({ ...input, kind: 'migrate' }, ports, async (task) => {
    const key = migrationMarkerKey(input.environment, input.deployment);
    const done = readMarker((await records.get(key))?.body);
    if (done !== undefined) {
      task.log(`the migration of ${input.deployment} has run at ${done.finishedAt}: nothing to do`);
      return done;
    }
    const database = await task.database(input.database);
    const files = input.migrations === undefined ? [] : readFiles(input.migrations);
    const before = await withClient(database, task.signal, look);
    const pending = announce(files, before, task);
    const startedAt = task.clock.now();
    const env = commandEnvironment(input, ports.env, database.url);
    await execute(input, env, task, { database, before, pending });
    const durationMs = task.clock.now() - startedAt;
    const after = await withClient(database, task.signal, look);
    const applied = after.applied.filter((name) => !before.applied.includes(name));
    const ran = statementsOf(files, pending, after.applied);
    task.log(
      `${applied.length} migrations ran in ${seconds(durationMs)}${applied.length === 0 ? '' : `: ${applied.join(', ')}`}`,
    );
    for (const s of ran) task.log(`  ran: ${shortStatement(s.sql)}`);
    if (input.after !== undefined) await runAfter(input.after, input, env, task);
    const marker: MigrationMarker = {
      format: 1,
      environment: input.environment,
      deployment: input.deployment,
      version: input.version,
      startedAt: new Date(startedAt).toISOString(),
      finishedAt: new Date(task.clock.now()).toISOString(),
      durationMs,
      applied,
      statements: ran.map((s) => shortStatement(s.sql)).slice(0, 200),
      destructive: ran.flatMap((s) => s.destructive.map((d) => `${d}: ${shortStatement(s.sql, 120)}`)),
    };
    // Another process of this deployment may have been faster; its marker says the same.
    await records.put(key, `${JSON.stringify(marker, undefined, 2)}\n`, null);
    return marker;
  });

interface FileWithStatements extends MigrationFile {
  readonly statements: readonly MigrationStatement[];
}
interface Look {
  readonly applied: readonly string[];
  readonly schema: Awaited<ReturnType<typeof schemaObjects>>;
}

const look = async (client: Client): Promise<Look> => ({
  applied: await appliedMigrations(client),
  schema: await schemaObjects(client),
});

export const readMarker = (text: string | undefined): MigrationMarker | undefined => {
  if (text === undefined) return undefined;
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ExpectedError('the marker of this deployment’s migration is damaged', {
      exit: EXIT.personNeeded,
      hint: 'see in the database whether the migration has run, then delete the marker object or write it again',
      cause: error,
    });
  }
};

const readFiles = (directory: string): FileWithStatements[] =>
  migrationFiles(directory).map((file) => ({
    ...file,
    statements: migrationStatements(readFileSync(file.path, 'utf8')),
  }));

const announce = (
  files: readonly FileWithStatements[],
  before: Look,
  task: Task,
): readonly FileWithStatements[] => {
  const names = new Set(pendingFiles(files, before.applied).map((f) => f.name));
  const pending = files.filter((f) => names.has(f.name));
  task.log(`${before.applied.length} migrations have run, ${pending.length} are pending`);
  for (const file of pending) {
    task.log(`  pending: ${file.name}`);
    for (const s of file.statements)
      for (const what of s.destructive)
        task.log(`  destructive: ${file.name}:${s.from} ${what}: ${shortStatement(s.sql, 120)}`);
  }
  return pending;
};

/** A migration may do what it likes to the database, but has no business with the sandbox or with other secrets. */
export const commandEnvironment = (
  input: Pick<MigrateInput, 'urlName' | 'version' | 'deployment' | 'environment'>,
  env: TaskPorts['env'],
  url: string,
): Record<string, string | undefined> => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SLUICE_'))),
  DATABASE_URL: url,
  ...(input.urlName === undefined ? {} : { [input.urlName]: url }),
  VERSION: input.version,
  SLUICE_DEPLOYMENT: input.deployment,
  SLUICE_ENVIRONMENT: input.environment,
});

const execute = async (
  input: MigrateInput,
  env: Record<string, string | undefined>,
  task: Task,
  context: { database: Address; before: Look; pending: readonly FileWithStatements[] },
): Promise<void> => {
  task.log(`running: ${input.command}`);
  const said: string[] = [];
  const code = await runCommand(input.command, {
    cwd: input.cwd,
    env,
    signal: task.signal,
    onLine: (line) => {
      said.push(task.hidden.text(line));
      if (said.length > 200) said.shift();
      task.log(`  ${line}`);
    },
  });
  if (code === 0) return;
  const now = await withClient(context.database, task.signal, look);
  throw failure(input, code, said, context, now);
};

const failure = (
  input: MigrateInput,
  code: number,
  said: readonly string[],
  { database, before, pending }: { database: Address; before: Look; pending: readonly FileWithStatements[] },
  now: Look,
): ExpectedError => {
  const text = said.join('\n');
  // The file that was spoken of last is the one that was being applied.
  const [file] = pending
    .map((f) => ({ f, at: text.lastIndexOf(f.name) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => b.at - a.at)
    .map(({ f }) => f);
  const error = said.findLast((line) => /error|fail/i.test(line)) ?? said.at(-1) ?? '';
  const statement = file === undefined ? undefined : failingStatement(file.statements, error);
  const changes = [
    ...now.applied
      .filter((name) => !before.applied.includes(name))
      .map((name) => `migration ${name} has run`),
    ...schemaDifferences(before.schema, now.schema).map((d) => d.replaceAll(' in the copy', ' now')),
  ];
  const lines = [
    `the migration failed (${input.command.slice(0, 120)} ended with ${code})${file === undefined ? '' : `: ${file.name}`}`,
    ...(error === '' ? [] : [`  ${error.trim().slice(0, 500)}`]),
    ...(statement === undefined
      ? []
      : [`  statement at line ${statement.from}: ${shortStatement(statement.sql)}`]),
    changes.length === 0
      ? `  the schema of ${describeAddress(database)} and its list of migrations are as before`
      : `  the database is not as before: ${changes.slice(0, 10).join('; ')}${changes.length > 10 ? `; and ${changes.length - 10} more` : ''}`,
  ];
  return new ExpectedError(lines.join('\n'), {
    exit: EXIT.personNeeded,
    hint:
      changes.length === 0
        ? 'mend the migration and release a new version; traffic was not touched'
        : 'restore the backup (sluice backup restore) or mend the database by hand; traffic was not touched',
  });
};

const statementsOf = (
  files: readonly FileWithStatements[],
  pending: readonly FileWithStatements[],
  applied: readonly string[],
): readonly MigrationStatement[] => {
  const still = new Set(pendingFiles(files, applied).map((f) => f.name));
  return pending.filter((f) => !still.has(f.name)).flatMap((f) => f.statements);
};

const runAfter = async (
  command: string,
  input: MigrateInput,
  env: Record<string, string | undefined>,
  task: Task,
): Promise<void> => {
  task.log(`running afterwards: ${command}`);
  const code = await runCommand(command, {
    cwd: input.cwd,
    env,
    signal: task.signal,
    onLine: (line) => task.log(`  ${line}`),
  });
  if (code !== 0)
    throw new ExpectedError(
      `the migration has run, but the command after it (${command.slice(0, 120)}) ended with ${code}`,
      {
        exit: EXIT.personNeeded,
        hint: `see the log, mend it, and run the deployment again: what has run is not repeated`,
      },
    );
};

/** Names of the migration files that have not run yet, in the order they would. Throws `ExpectedError`s. */
export const pendingMigrations = async (
  directory: string,
  database: Address,
  signal: AbortSignal,
): Promise<string[]> => {
  const files = migrationFiles(directory);
  const applied = await withClient(database, signal, appliedMigrations);
  return pendingFiles(files, applied).map((f) => f.name);
};

/** Statements of migration files that an earlier version may not survive: `file:line what: statement`. */
export const destructiveStatements = (directory: string, names: readonly string[]): string[] =>
  readFiles(directory)
    .filter((f) => names.includes(f.name))
    .flatMap((f) =>
      f.statements.flatMap((s) =>
        s.destructive.map((d) => `${f.name}:${s.from} ${d}: ${shortStatement(s.sql, 120)}`),
      ),
    );
