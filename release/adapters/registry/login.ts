import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Finds the login for a registry's host; undefined: anonymous. */
export type Logins = (host: string) => Promise<Login | undefined>;

/** Docker keeps Docker Hub under its oldest address. */
const namesOf = (host: string): string[] =>
  host === 'registry-1.docker.io'
    ? ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', host]
    : [host, `https://${host}`];

const decode = (auth: unknown): Login | undefined => {
  if (typeof auth !== 'string') return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
};

/**
 * Logins that `docker login` left in its configuration file. One that lives in a credential helper is not read: then
 * the registry is asked without a login.
 */
export const dockerLogins =
  (folder: string = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker')): Logins =>
  async (host) => {
    try {
      const text = await readFile(join(folder, 'config.json'), 'utf8');
      const { auths = {} } = JSON.parse(text) as { auths?: Record<string, { auth?: unknown }> };
      return namesOf(host)
        .map((name) => decode(auths[name]?.auth))
        .find((login) => login !== undefined);
    } catch {
      return undefined;
    }
  };
