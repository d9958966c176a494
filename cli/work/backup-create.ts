import { formatDuration } from '../../config/units.ts';
import { EXIT, type ExitCode } from '../../lib/errors.ts';
import { deploymentId } from '../../lib/ids.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { dailyPrefix, databaseOf } from '../session/database.ts';
import { withStack } from '../session/find.ts';

/**
 * A backup outside a release: dumped, restored once and compared as before a migration. Beside it lies what the
 * application was: the live release with its digests and references to secrets, and the stack's file, in which
 * secrets are encrypted.
 */
export const createBackup = (options: Values, print: Printer, signal: AbortSignal): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const { app, stack, file } = session.config;
    const outputs = await session.outputs();
    const around = session.databaseTasks(outputs);
    const { database, reference } = await databaseOf(around);
    const { commit } = await session.run(outputs, 'unnamed').ports.source.head();
    const deployment = deploymentId(session.clock.now(), commit);
    const prefix = dailyPrefix(database);
    const { backUp } = await import('../tasks/backup.ts');
    const { backups } = app;
    const taken = await backUp(
      {
        application: app.application,
        environment: app.environment,
        deployment,
        directory: session.directory,
        timeout: app.timeouts.backup,
        bucket: around.bucket,
        prefix,
        verify: database.backup.verify,
        lock: app.buckets.lock,
        retention: backups.keep,
        lockedFromStart: true,
        database: reference,
        scratch: undefined,
      },
      { secrets: around.secrets, clock: session.clock, signal, env: around.environment },
      around.client,
    );
    const settings = {
      format: 1,
      stack,
      takenAt: taken.timestamp,
      release: outputs.release,
      stackFile: file,
    };
    await session
      .objects(outputs)
      .backup.put(`${prefix}/settings-${deployment}.json`, `${JSON.stringify(settings, null, 2)}\n`);
    print.result(
      'backup',
      { ...taken },
      [
        `${taken.location}  ${(taken.size / 1_000_000).toFixed(2)} MB, restored and compared, kept for ${formatDuration(backups.keep)}`,
        ...(backups.recoveryPoint < backups.every
          ? [
              `  a backup every ${formatDuration(backups.every)} cannot meet the recovery point of ${formatDuration(backups.recoveryPoint)}: set backups.every`,
            ]
          : []),
      ].join('\n'),
    );
    return EXIT.done;
  });
