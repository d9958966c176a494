import type { HostsApp } from '../../../config/hosts/types.ts';
import { badInput } from '../../../lib/errors.ts';
import { overSsh, type SshResult } from './ssh.ts';

const CONNECT_MS = 15_000;

/** Runs a command on every machine of an application, at once; the keys come from the environment. */
export const onMachines = (
  { target }: HostsApp,
  environment: Readonly<Record<string, string | undefined>>,
): ((command: string) => Promise<Readonly<Record<string, SshResult>>>) => {
  return async (command) => {
    const runs = Object.entries(target.machines).map(
      async ([name, { address, port, user, hostKey, key }]) => {
        const privateKey = environment[key] ?? '';
        if (privateKey === '')
          throw badInput(`the private key of ${name} is not in the environment`, [
            { path: key, reason: 'is not set', allowed: 'a private key in OpenSSH format' },
          ]);
        const connection = { host: address, port, user, hostKey, privateKey, timeoutMs: CONNECT_MS };
        return [name, await overSsh(connection, { command })] as const;
      },
    );
    return Object.fromEntries(await Promise.all(runs));
  };
};
