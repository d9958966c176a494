import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretsOf } from '../../config/hosts/compose.ts';
import type { HostsApp } from '../../config/hosts/types.ts';
import type { App } from '../../config/types.ts';
import { freePort } from '../../sandbox/cloud/free-port.ts';
import type { HostAddress } from '../../sandbox/cloud/hosts/host.ts';
import type { Sandbox } from '../../sandbox/client.ts';
import { databaseOf } from './seed.ts';

/** A stack's application, where it runs on machines; undefined elsewhere. */
export const onHosts = (app: App): HostsApp | undefined =>
  app.target.kind === 'hosts' ? { ...app, target: app.target } : undefined;

/** The sandbox's machines in the place of those that a stack names. */
export interface Machines {
  readonly machines: Readonly<Record<string, HostAddress>>;
  /** What is laid over `sluice:app`: their addresses, free ports, seconds instead of minutes. */
  readonly overlay: Readonly<Record<string, unknown>>;
  /** Their private keys, by the variable that the stack names for each. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Ports of this machine in the place of those that the stack names, which something else may have. */
const portsOf = async (app: HostsApp): Promise<ReadonlyMap<number, number>> => {
  const ports = new Map<number, number>();
  const named = Object.values(app.target.services).flatMap((s) => [s.publish, s.publishGreen]);
  for (const port of [...named, app.target.proxy?.listen])
    if (port !== undefined) ports.set(port, await freePort());
  return ports;
};

const overlayOf = (
  app: HostsApp,
  machines: Readonly<Record<string, HostAddress>>,
  ports: ReadonlyMap<number, number>,
): Record<string, unknown> => {
  const [first] = Object.values(machines);
  const { proxy, services, health } = app.target;
  const here = (port: number | undefined): number | undefined =>
    port === undefined ? undefined : ports.get(port);
  const url = `http://127.0.0.1:${String(here(proxy?.listen))}`;
  const published = Object.entries(services).filter(([, s]) => s.publish !== undefined);
  return {
    url,
    health: { interval: '1 second', timeout: '1 second', startDelay: '100 ms', retries: 10 },
    smoke: { retries: 0 },
    hosts: {
      machines: Object.fromEntries(
        Object.entries(machines).map(([name, { address, port, user, hostKey }]) => [
          name,
          { address, port, user, hostKey },
        ]),
      ),
      path: `${first?.home ?? ''}/${app.application}`,
      diskFree: '10 MiB',
      startDelay: '200 ms',
      health: {
        interval: '300 ms',
        retries: 10,
        endpoints: Object.fromEntries(
          Object.entries(health.endpoints).map(([name, address]) => {
            const at = new URL(address);
            at.port = String(here(Number(at.port)) ?? at.port);
            return [name, String(at)];
          }),
        ),
      },
      proxy: {
        listen: here(proxy?.listen),
        config: `${first?.home ?? ''}/nginx/${app.application}.conf`,
        reload: 'nginx -s reload',
      },
      services: Object.fromEntries(
        published.map(([name, s]) => [
          name,
          {
            publish: here(s.publish),
            ...(s.publishGreen === undefined ? {} : { publishGreen: here(s.publishGreen) }),
          },
        ]),
      ),
      settings: { application: { FRONTEND_URL: url } },
    },
  };
};

/** Starts a machine of the sandbox for each that the stack names, with the folder and the env file that it needs. */
export const sandboxMachines = async (sandbox: Sandbox, app: HostsApp): Promise<Machines> => {
  const machines: Record<string, HostAddress> = {};
  const keys: Record<string, string> = {};
  for (const [name, { key }] of Object.entries(app.target.machines)) {
    const machine = await sandbox.call<HostAddress>('POST', `/hosts/${name}`);
    machines[name] = machine;
    keys[key] = machine.privateKey;
  }
  const overlay = overlayOf(app, machines, await portsOf(app));
  const { path } = overlay['hosts'] as { readonly path: string };
  await prepare(sandbox, app, path);
  return { machines, overlay, keys };
};

/** What people would have done on a machine: the folder, and the env file with its secrets filled in. */
const prepare = async (sandbox: Sandbox, app: HostsApp, path: string): Promise<void> => {
  mkdirSync(path, { recursive: true });
  const lines = Object.keys(secretsOf(app)).map(
    async (name) => `${name}=${await secretOf(sandbox, app, name)}\n`,
  );
  writeFileSync(join(path, app.target.envFile), (await Promise.all(lines)).join(''), { mode: 0o600 });
};

/** A database that is no container of the host is the cloud's. */
const secretOf = (sandbox: Sandbox, app: HostsApp, name: string): Promise<string> =>
  name === 'DATABASE_URL'
    ? databaseOf(sandbox, app)
    : Promise.resolve(`sandbox-value-of-${name.toLowerCase()}`);
