import type { Secrets } from '../../release/ports/supply.ts';
import type { Environment } from './environment.ts';

/** Where a task finds secrets: in the sandbox that its environment names, otherwise in AWS. */
export const withSecrets = async <T>(
  env: Environment,
  work: (secrets: Secrets) => Promise<T>,
): Promise<T> => {
  const url = env['SLUICE_SANDBOX'];
  const token = env['SLUICE_SANDBOX_TOKEN'];
  if (url === undefined || token === undefined) {
    const { awsSettings } = await import('../../release/adapters/aws/ports.ts');
    const { awsSecrets, secretsClient } = await import('../../release/adapters/aws/secrets.ts');
    return work(awsSecrets(secretsClient(awsSettings(env))));
  }
  const { connectSandbox } = await import('../../sandbox/client.ts');
  const { sandboxSecrets } = await import('../../sandbox/adapters/secrets.ts');
  const sandbox = await connectSandbox({ url, token });
  try {
    return await work(sandboxSecrets(sandbox));
  } finally {
    await sandbox.close();
  }
};
