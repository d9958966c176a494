import { formatDuration } from '../../config/units.ts';
import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { DRILL_REASON } from '../../release/core/metrics/facts.ts';
import { time } from '../../release/core/metrics/targets.ts';
import { liveOf } from '../../release/core/release.ts';
import { runRollback } from '../../release/runner.ts';
import type { Outcome } from '../../release/runner/types.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { requestOf } from '../run-release.ts';
import { dailyPrefix, databaseOf } from '../session/database.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';

const against = (name: string, seen: number, objective: number): string =>
  `  ${seen <= objective ? '✓' : '✗'} ${name} ${time(seen)}, objective ${formatDuration(objective)}`;

/** RTO and RPO of the database by a real restore beside it. Exit 5 when an objective is missed. */
export const drillRestore = (options: Values, print: Printer, signal: AbortSignal): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const { app } = session.config;
    const around = session.databaseTasks(await session.outputs());
    const { database, reference } = await databaseOf(around);
    const { restoreDrill } = await import('../tasks/drill.ts');
    const drilled = await restoreDrill(
      {
        application: app.application,
        environment: app.environment,
        directory: session.directory,
        bucket: around.bucket,
        prefixes: [database.backup.prefix, dailyPrefix(database)],
        database: reference,
      },
      { secrets: around.secrets, clock: session.clock, signal, env: around.environment },
      around.client,
    );
    const { recoveryTime, recoveryPoint } = app.backups;
    const met =
      drilled.rtoMs <= recoveryTime && drilled.rpoMs <= recoveryPoint && drilled.differences.length === 0;
    print.result(
      'drill',
      { ...drilled, recoveryTime, recoveryPoint, met },
      [
        `restored ${drilled.location} (${(drilled.uncompressedSize / 1_000_000).toFixed(1)} MB, ${drilled.tables} tables) beside the database: ${drilled.differences.length === 0 ? 'equal' : 'NOT equal'}`,
        ...drilled.differences.map((d) => `    ${d}`),
        against('RTO', drilled.rtoMs, recoveryTime),
        against('RPO', drilled.rpoMs, recoveryPoint),
        `    the longest time between two backups was ${time(drilled.worstGapMs)}`,
      ].join('\n'),
    );
    return met ? EXIT.done : EXIT.personNeeded;
  });

const go = async (session: Session, to: string | undefined): Promise<Outcome> => {
  const outputs = await session.outputs();
  const draft = session.run(outputs, 'unnamed');
  const request = await requestOf(session, draft, { version: 'v0.0.0', reason: DRILL_REASON });
  const rollback = {
    mode: 'standard' as const,
    override: true,
    restoreDatabase: false,
    ...(to === undefined ? {} : { to }),
  };
  return runRollback({ ...session.run(outputs, request.deployment), pollMs: 500 }, { ...request, rollback });
};

const liveNow = async (session: Session): Promise<{ version: string; deployment: string }> => {
  const { release } = await session.outputs();
  const slot = liveOf(release);
  if (slot !== undefined) return slot;
  throw refused('nothing is live: there is nothing to go back from', 'sluice deploy');
};

/** Back to the release before and forward again, by the path of every rollback. Exit 5 when either did not end well. */
export const drillRollback = (
  yes: boolean,
  options: Values,
  print: Printer,
  signal: AbortSignal,
): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const { app, stack } = session.config;
    const from = await liveNow(session);
    if (!yes)
      throw refused(
        `users of ${app.environment} would be served by the version before ${from.version} for a moment`,
        `sluice drill rollback --stack ${stack} --yes`,
      );
    const startedAt = session.clock.now();
    const back = await go(session, undefined);
    const rtoMs = session.clock.now() - startedAt;
    if (back.result !== 'success') {
      print.result('drill', { back }, `the rollback did not end well: ${back.why}`);
      return EXIT.personNeeded;
    }
    const to = await liveNow(session);
    print.event('note', { to }, `  back on ${to.version} after ${time(rtoMs)}; going forward again`);
    signal.throwIfAborted();
    const again = await go(session, from.deployment);
    const met = again.result === 'success' && rtoMs <= app.backups.recoveryTime;
    const restored = back.state.rollback?.weightsRestoredMs;
    print.result(
      'drill',
      { from, to, rtoMs, weightsRestoredMs: restored, recoveryTime: app.backups.recoveryTime, rpoMs: 0, met },
      [
        `${from.version} → ${to.version} → ${again.result === 'success' ? from.version : 'NOT forward again'}`,
        against('RTO', rtoMs, app.backups.recoveryTime),
        ...(restored === undefined
          ? []
          : [
              `    users were back ${time(restored)} after the decision; the rest is verifying and recording`,
            ]),
        '  ✓ RPO 0: no data are taken back',
        ...(again.result === 'success' ? [] : [`  ${again.why}`]),
      ].join('\n'),
    );
    return met ? EXIT.done : EXIT.personNeeded;
  });
