import { refused } from '../../lib/errors.ts';
import type { Secrets } from '../../release/ports/supply.ts';
import type { Environment } from './environment.ts';

/** Where a task finds secrets: the sandbox that its environment names. */
export const withSecrets = async <T>(
  env: Environment,
  work: (secrets: Secrets) => Promise<T>,
): Promise<T> => {
  const url = env['SLUICE_SANDBOX'];
  const token = env['SLUICE_SANDBOX_TOKEN'];
  if (url === undefined || token === undefined)
    throw refused(
      'no sandbox is named in the environment of this task',
      'sluice sandbox up, or see docs/runbooks',
    );
  const { connectSandbox } = await import('../../sandbox/client.ts');
  const { sandboxSecrets } = await import('../../sandbox/adapters/secrets.ts');
  const sandbox = await connectSandbox({ url, token });
  try {
    return await work(sandboxSecrets(sandbox));
  } finally {
    await sandbox.close();
  }
};
