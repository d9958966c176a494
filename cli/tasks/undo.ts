import { z } from 'zod';
import { EXIT, ExpectedError } from '../../lib/errors.ts';
import { runCommand } from '../../release/adapters/database/command.ts';
import { appliedMigrations } from '../../release/adapters/database/migrations.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import { commandEnvironment, type MigrateInput } from './migrate.ts';
import { runTask, seconds, type Task, type TaskPorts } from './task.ts';

export interface UndoInput extends Pick<
  MigrateInput,
  | 'environment'
  | 'deployment'
  | 'version'
  | 'directory'
  | 'timeout'
  | 'database'
  | 'command'
  | 'urlName'
  | 'cwd'
> {
  /** Names as the database lists them, newest first. */
  readonly migrations: readonly string[];
}

const markerSchema = z.object({
  format: z.literal(1),
  environment: z.string(),
  deployment: z.string(),
  /** The version that was gone back to. */
  version: z.string(),
  finishedAt: z.string(),
  durationMs: z.number(),
  /** Names of the migrations that the database lists no more, newest first. */
  undone: z.array(z.string()),
});
/** What is left behind when a rollback has undone its migrations. */
export type UndoMarker = z.infer<typeof markerSchema>;

/** Where the record bucket keeps that a rollback has undone its migrations. */
export const undoMarkerKey = (environment: string, deployment: string): string =>
  `markers/${environment}/${deployment}/undo.json`;

const readMarker = (text: string | undefined): UndoMarker | undefined => {
  if (text === undefined) return undefined;
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ExpectedError('the marker of the migrations that this rollback has undone is damaged', {
      exit: EXIT.personNeeded,
      hint: 'see in the database whether they are undone, then delete the marker object',
      cause: error,
    });
  }
};

/**
 * Undoes migrations by the configured command, once: when its marker is there it ends at once, and what the database
 * does not list any more is not undone again, whoever did it. Throws `ExpectedError` (exit 5) with the command and
 * its last lines when it fails, or when it leaves one of them behind.
 */
export const undo = (input: UndoInput, ports: TaskPorts, records: ObjectStore): Promise<UndoMarker> =>
  runTask({ ...input, kind: 'undo' }, ports, async (task) => {
    const key = undoMarkerKey(input.environment, input.deployment);
    const done = readMarker((await records.get(key))?.body);
    if (done !== undefined) {
      task.log(`the migrations of this rollback were undone at ${done.finishedAt}: nothing to do`);
      return done;
    }
    const database = await task.database(input.database);
    const listed = async (): Promise<readonly string[]> => {
      const applied = await withClient(database, task.signal, appliedMigrations);
      return input.migrations.filter((name) => applied.includes(name));
    };
    const before = await listed();
    const startedAt = task.clock.now();
    if (before.length === 0) task.log('the database lists none of them: nothing to undo');
    else await execute(input, before, database.url, { task, listed, env: ports.env });
    const marker: UndoMarker = {
      format: 1,
      environment: input.environment,
      deployment: input.deployment,
      version: input.version,
      finishedAt: new Date(task.clock.now()).toISOString(),
      durationMs: task.clock.now() - startedAt,
      undone: [...input.migrations],
    };
    task.log(`undone in ${seconds(marker.durationMs)}: ${marker.undone.join(', ')}`);
    await records.put(key, `${JSON.stringify(marker, undefined, 2)}\n`, null);
    return marker;
  });

interface Around {
  readonly task: Task;
  readonly env: TaskPorts['env'];
  /** Those that are to be undone and still are in the database's list. */
  readonly listed: () => Promise<readonly string[]>;
}

const LAST_LINES = 5;

const execute = async (
  input: UndoInput,
  migrations: readonly string[],
  url: string,
  { task, env, listed }: Around,
): Promise<void> => {
  task.log(`undoing ${migrations.join(', ')}: ${input.command}`);
  const said: string[] = [];
  const code = await runCommand(input.command, {
    cwd: input.cwd,
    env: { ...commandEnvironment(input, env, url), MIGRATIONS: migrations.join('\n') },
    signal: task.signal,
    onLine: (line) => {
      said.push(task.hidden.text(line).slice(0, 500));
      if (said.length > LAST_LINES) said.shift();
      task.log(`  ${line}`);
    },
  });
  const left = await listed();
  if (code === 0 && left.length === 0) return;
  const command = input.command.slice(0, 120);
  const head =
    code === 0
      ? `the migrations are not undone, though ${command} ended well`
      : `the migrations could not be undone (${command} ended with ${code})`;
  const gone = migrations.filter((name) => !left.includes(name));
  const now =
    left.length === 0
      ? 'the database lists none of them any more'
      : `the database still lists ${left.join(', ')}${gone.length === 0 ? '' : `, and no more ${gone.join(', ')}`}`;
  throw new ExpectedError([head, ...said.map((line) => `  ${line}`), `  ${now}`].join('\n'), {
    exit: EXIT.personNeeded,
  });
};
