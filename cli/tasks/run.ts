import { spawnSync } from 'node:child_process';
import { connectSandbox } from '../../sandbox/client.ts';
import { sandboxSecrets } from '../../sandbox/adapters/secrets.ts';
import { parseSecretReference } from './environment.ts';
// SCRATCH until the database tasks land
export const runTask = async (
  kind: string,
  env: Readonly<Record<string, string | undefined>>,
  _signal: AbortSignal,
): Promise<void> => {
  if (kind !== 'migrate') return;
  const sandbox = await connectSandbox({
    url: env['SLUICE_SANDBOX'] ?? '',
    token: env['SLUICE_SANDBOX_TOKEN'] ?? '',
  });
  const ref = parseSecretReference(env['SLUICE_DATABASE_SECRET'] ?? '');
  if (ref === undefined) throw new Error('no ref');
  const url = await sandboxSecrets(sandbox).read(ref);
  const r = spawnSync('sh', ['-c', env['SLUICE_MIGRATION_COMMAND'] ?? 'true'], {
    env: { ...process.env, DATABASE_URL: url + '?sslmode=disable' },
    encoding: 'utf8',
  });
  if (r.status !== 0) throw new Error(r.stdout + r.stderr);
  await sandbox.close();
};
