import { EXIT, ExpectedError, refused, type ExitCode } from '../../lib/errors.ts';
import { backupStore } from '../../release/adapters/database/backup-store.ts';
import type { Task } from '../tasks/task.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { dailyPrefix, databaseOf, runCommand } from '../session/database.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';
import { ROOT } from '../session/stack-config.ts';
import type { Fresh, Replaced } from '../tasks/replace.ts';

/** Data that users rely on are never replaced by these commands. */
const refuseProduction = (session: Session): void => {
  const { app, stack } = session.config;
  if (app.environment !== 'production' && app.rollout !== 'staged') return;
  throw refused(
    `${app.environment} holds data that users rely on: it is never made fresh or copied over`,
    `sluice backup restore <deployment> --stack ${stack}`,
  );
};

const run = async (
  command: string,
  fresh: Fresh,
  task: Task,
  environment: Readonly<Record<string, string>>,
): Promise<void> => {
  const DATABASE_URL = fresh.url;
  task.hidden.add(DATABASE_URL);
  const told: string[] = [];
  const { exitCode } = await runCommand(ROOT)(
    command,
    { ...environment, DATABASE_URL },
    (line) => {
      told.push(line);
      task.log(line);
    },
    task.signal,
  );
  if (exitCode !== 0)
    throw new ExpectedError(
      `${command} ended with ${exitCode}; nothing was changed\n${told
        .slice(-5)
        .map((l) => `  ${task.hidden.text(l)}`)
        .join('\n')}`,
      { exit: EXIT.personNeeded, hint: 'mend the command and try again' },
    );
};

const tell = (what: string, replaced: Replaced, print: Printer): ExitCode => {
  print.result(
    'database',
    { ...replaced },
    [
      `${replaced.database} ${what}, in ${(replaced.durationMs / 1000).toFixed(1)} s`,
      ...(replaced.keptAs === undefined ? [] : [`  the database of before is kept as ${replaced.keptAs}`]),
    ].join('\n'),
  );
  return EXIT.done;
};

const replace = async (
  session: Session,
  what: string,
  signal: AbortSignal,
  fill: (fresh: Fresh, task: Task) => Promise<void>,
): Promise<Replaced> => {
  const around = session.databaseTasks(await session.outputs());
  const { reference } = await databaseOf(around);
  const { replaceDatabase } = await import('../tasks/replace.ts');
  return replaceDatabase(
    { environment: session.config.app.environment, directory: session.directory, database: reference, what },
    { secrets: around.secrets, clock: session.clock, signal, env: around.environment },
    fill,
  );
};

/** An empty database with all migrations in the place of the environment's (C8). */
export const freshDatabase = (options: Values, print: Printer, signal: AbortSignal): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    refuseProduction(session);
    const { app } = session.config;
    const { database } = await databaseOf(session.databaseTasks(await session.outputs()));
    const { command, after } = database.migrations;
    const replaced = await replace(session, 'fresh', signal, async (fresh, task) => {
      await run(command, fresh, task, { VERSION: 'fresh', SLUICE_ENVIRONMENT: app.environment });
      if (after !== undefined) await run(after, fresh, task, {});
    });
    return tell('is fresh: empty, with all migrations', replaced, print);
  });

/** The newest good backup of another environment in the place of this one's database (C8). */
export const copyDatabase = (
  from: string,
  after: string | undefined,
  options: Values,
  { print, signal }: { print: Printer; signal: AbortSignal },
): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    refuseProduction(session);
    return withStack({ ...options, stack: from }, async ({ session: source }) => {
      const around = source.databaseTasks(await source.outputs());
      const { database } = await databaseOf(around);
      const { app } = source.config;
      const prefixes = [dailyPrefix(database), database.backup.prefix];
      const { loadBackup, newestBackup } = await import('../tasks/copy.ts');
      const found = await newestBackup(prefixes.map((p) => backupStore(around.client, around.bucket, p)));
      if (found === undefined)
        throw refused(
          `${app.environment} has no good backup to copy`,
          `sluice backup create --stack ${from}`,
        );
      const replaced = await replace(session, `copy of ${from}`, signal, async (fresh, task) => {
        await loadBackup(found, fresh, task);
        if (after !== undefined) await run(after, fresh, task, { SLUICE_FROM: from });
      });
      if (after === undefined)
        print.event(
          'note',
          { personalData: true },
          `  it holds the personal data that ${from} holds; --after <command> takes them out before anybody sees them`,
        );
      return tell(`shows ${from} of ${found.backup.timestamp}`, replaced, print);
    });
  });
