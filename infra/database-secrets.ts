import { resolveSecrets, secretText } from '../components/secrets.ts';
import type { Release } from '../config/release.types.ts';
import type { App } from '../config/types.ts';

/** `<secret ARN>:<version id>` of the addresses that commands need. */
export interface DatabaseSecrets {
  readonly url: string | undefined;
  readonly scratchUrl: string | undefined;
}

/** Looked up only where the release has a command that needs them. */
export const databaseSecrets = async (
  { database, secrets }: App,
  release: Release,
): Promise<DatabaseSecrets> => {
  const needed = release.backup !== undefined || release.schema !== undefined;
  if (database === undefined || !needed) return { url: undefined, scratchUrl: undefined };
  const { scratchUrl } = database.backup;
  const names = [database.url, ...(scratchUrl === undefined ? [] : [scratchUrl])];
  const found = await resolveSecrets(Object.fromEntries(names.map((name) => [name, secrets[name] ?? name])));
  return {
    url: secretText(found[database.url]),
    scratchUrl: secretText(scratchUrl === undefined ? undefined : found[scratchUrl]),
  };
};
