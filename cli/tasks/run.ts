import { spawnSync } from 'node:child_process';
import { systemClock } from '../../lib/clock.ts';
import type { Environment, TaskKind } from './environment.ts';
import { parseSecretReference } from './environment.ts';
import { withSecrets } from './secrets.ts';
import type { TaskPorts } from './task.ts';

/** Runs one task of a deployment with what its environment says; lines of its log go to standard error too. */
export const runTask = (
  kind: Exclude<TaskKind, 'restore'>,
  env: Environment,
  signal: AbortSignal,
): Promise<void> =>
  withSecrets(env, async (secrets) => {
    const ports: TaskPorts = {
      secrets,
      clock: systemClock,
      signal,
      env,
      log: (line) => void process.stderr.write(`${line}\n`),
    };
    switch (kind) {
      case 'backup':
        await (await import('./backup.ts')).runBackup(ports);
        return;
      case 'migrate': {
        // SCRATCH
        const ref = parseSecretReference(env['SLUICE_DATABASE_SECRET'] ?? '');
        if (ref === undefined) throw new Error('no ref');
        const url = await secrets.read(ref);
        const r = spawnSync('sh', ['-c', env['SLUICE_MIGRATION_COMMAND'] ?? 'true'], {
          env: { ...process.env, DATABASE_URL: url },
          encoding: 'utf8',
        });
        if (r.status !== 0) throw new Error(r.stdout + r.stderr);
        return;
      }
      case 'verify':
        return;
    }
  });
