import { badInput, EXIT, type ExitCode } from '../../lib/errors.ts';
import { DEPLOYMENT_ID } from '../../lib/ids.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';

const MEGABYTE = 1_000_000;

/** Backups, newest first. */
export const listBackups = (options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const store = session.backups(await session.outputs());
    const deployments = await store.deployments();
    for (const deployment of deployments.toReversed()) {
      const found = await store.metadata(deployment);
      if (found === undefined) continue;
      const { timestamp, size, verified, location, tables } = found;
      print.result(
        'backup',
        { deployment, timestamp, size, verified, location },
        [
          `${timestamp}  ${deployment}  ${(size / MEGABYTE).toFixed(2)} MB  ${tables.length} tables  ` +
            (verified ? 'restored and compared' : 'NOT verified'),
          `    ${location}`,
        ].join('\n'),
      );
    }
    if (deployments.length === 0) print.event('note', { found: 0 }, 'no backups');
    return EXIT.done;
  });

export const restoreBackup = (
  { deployment, force, reason }: { deployment: string; force: boolean; reason: string },
  options: Values,
  { print, signal }: { print: Printer; signal: AbortSignal },
): Promise<ExitCode> => {
  if (!DEPLOYMENT_ID.test(deployment))
    throw badInput(
      'there is no such backup',
      [
        {
          path: '<deployment>',
          reason: 'is no deployment id',
          got: deployment,
          allowed: '<unix seconds>-<12 hex digits>',
        },
      ],
      'sluice backup list',
    );
  return withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    print.event('note', { deployment, reason }, `restoring the backup of ${deployment} (${reason})`);
    const restored = await session.restore(outputs, deployment, force, signal);
    print.result(
      'restored',
      { ...restored },
      [
        `the database is as it was at ${restored.timestamp}; it took ${(restored.durationMs / 1000).toFixed(1)} s`,
        ...(restored.keptAs === undefined ? [] : [`  the database of before is kept as ${restored.keptAs}`]),
        ...restored.lost.map((line) => `  lost: ${line}`),
      ].join('\n'),
    );
    return EXIT.done;
  });
};
