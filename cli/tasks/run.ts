import { systemClock } from '../../lib/clock.ts';
import type { Environment, TaskKind } from './environment.ts';
import { withSecrets } from './secrets.ts';
import type { TaskPorts } from './task.ts';

/** Runs one task of a deployment with what its environment says; what it says goes into its log file, what went wrong is its error. */
export const runTask = (
  kind: Exclude<TaskKind, 'restore' | 'undo'>,
  env: Environment,
  signal: AbortSignal,
): Promise<void> =>
  withSecrets(env, async (secrets) => {
    const ports: TaskPorts = { secrets, clock: systemClock, signal, env };
    switch (kind) {
      case 'backup':
        await (await import('./backup.ts')).runBackup(ports);
        return;
      case 'migrate':
        await (await import('./migrate.ts')).runMigrate(ports);
        return;
      case 'verify':
        await (await import('./verify.ts')).runVerify(ports);
        return;
      case 'smoke':
        await (await import('./smoke.ts')).runSmoke(ports);
        return;
      case 'record':
        await (await import('./record.ts')).runRecord(ports);
        return;
    }
  });
