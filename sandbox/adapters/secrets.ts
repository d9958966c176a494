import type { SecretReference } from '../../config/release.types.ts';
import type { Secrets } from '../../release/ports/supply.ts';
import type { Sandbox } from '../client.ts';

/** The sandbox's secret store. `put` is how a demo or a test fills it; a changed value is a new version. */
export const sandboxSecrets = (
  sandbox: Sandbox,
): Secrets & { put(name: string, value: string): Promise<SecretReference> } => ({
  describe: async (name) =>
    (await sandbox.call<SecretReference | null>('GET', `/secrets/${encodeURIComponent(name)}`)) ?? undefined,
  read: async ({ arn, version }) => {
    const path = `/secrets/${encodeURIComponent(arn)}?value&version=${encodeURIComponent(version)}`;
    return (await sandbox.call<{ value: string }>('GET', path)).value;
  },
  put: (name, value) =>
    sandbox.call<SecretReference>('PUT', `/secrets/${encodeURIComponent(name)}`, { value }),
});
