import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretsOf } from '../../config/hosts/compose.ts';
import type { HostsApp } from '../../config/hosts/types.ts';
import type { App } from '../../config/types.ts';
import type { HostAddress, HostFault } from '../../sandbox/cloud/hosts/host.ts';
import { freePort } from '../../sandbox/cloud/free-port.ts';
import { sandboxImages } from '../../sandbox/adapters/images.ts';
import { startSandbox, type Sandbox } from '../../sandbox/client.ts';
import { inSandbox } from '../session/in-sandbox.ts';
import { openSession, type Session } from '../session/open.ts';
import { merge, ROOT, readStackConfig } from '../session/stack-config.ts';
import type { Example } from './example.ts';
import { databaseOf, seedStack } from './seed.ts';
import { seedGithub } from './seed-github.ts';

/** A sandbox with the machines of an application on hosts; gone when this process is. */
export interface HostsWorld {
  readonly sandbox: Sandbox;
  readonly machines: Readonly<Record<string, HostAddress>>;
  /** Where users reach the application. */
  readonly url: string;
  readonly app: HostsApp;
  /** Paths below it at which the services that users reach answer for themselves. */
  readonly answers: readonly string[];
  /** Publishes a version, with a fault where one is named. */
  publish(version: string, fault?: string): Promise<void>;
  /** `faults`: version → fault that its build has. */
  session(
    version: string,
    over?: Readonly<Record<string, unknown>>,
    faults?: Readonly<Record<string, string>>,
  ): Promise<Session>;
  fault(machine: string, fault: HostFault): Promise<void>;
  close(): Promise<void>;
}

export const onHosts = (app: App): HostsApp => {
  if (app.target.kind !== 'hosts') throw new Error(`${app.application} does not run on hosts`);
  return { ...app, target: app.target };
};

/** Ports of this machine in the place of those that the stack names, which something else may have. */
const portsOf = async (app: HostsApp): Promise<ReadonlyMap<number, number>> => {
  const ports = new Map<number, number>();
  const named = Object.values(app.target.services).flatMap((s) => [s.publish, s.publishGreen]);
  for (const port of [...named, app.target.proxy?.listen])
    if (port !== undefined) ports.set(port, await freePort());
  return ports;
};

/** What is laid over `sluice:app`: sandbox machines, free ports, seconds instead of minutes. */
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

/** What people would have done on each machine: the folder, and the env file with its secrets filled in. */
const prepare = async (sandbox: Sandbox, app: HostsApp): Promise<void> => {
  mkdirSync(app.target.path, { recursive: true });
  const lines = Object.keys(secretsOf(app)).map(
    async (name) => `${name}=${await secretOf(sandbox, app, name)}\n`,
  );
  writeFileSync(join(app.target.path, app.target.envFile), (await Promise.all(lines)).join(''), {
    mode: 0o600,
  });
};

/** A database that is no container of the host is the cloud's. */
const secretOf = (sandbox: Sandbox, app: HostsApp, name: string): Promise<string> =>
  name === 'DATABASE_URL'
    ? databaseOf(sandbox, app)
    : Promise.resolve(`sandbox-value-of-${name.toLowerCase()}`);

/** Starts the local cloud with a machine for each that the stack names. */
export const openHostsWorld = async (
  stack: string,
  directory: string,
  example: Example,
): Promise<HostsWorld> => {
  process.env['SLUICE_DIR'] = directory;
  const { folder, application } = example;
  const sandbox = await startSandbox({
    directory: mkdtempSync(join(tmpdir(), 'sluice-sandbox-')),
    temporary: true,
    cwd: ROOT,
    region: 'eu-central-1',
  });
  try {
    const plain = readStackConfig(stack, {}, { folder });
    const { target } = onHosts(plain.app);
    await seedStack(sandbox, plain.app);
    await seedGithub(sandbox, plain.app, application);
    const machines: Record<string, HostAddress> = {};
    for (const [name, { key }] of Object.entries(target.machines)) {
      const machine = await sandbox.call<HostAddress>('POST', `/hosts/${name}`);
      machines[name] = machine;
      process.env[key] = machine.privateKey;
    }
    const overlay = overlayOf(onHosts(plain.app), machines, await portsOf(onHosts(plain.app)));
    const app = onHosts(readStackConfig(stack, overlay, { folder }).app);
    await prepare(sandbox, app);
    const repositories = Object.keys(plain.app.services).map((s) =>
      plain.app.images.repository.replaceAll('{service}', s),
    );
    return {
      sandbox,
      machines,
      url: app.url,
      app,
      answers: Object.values(plain.app.services).flatMap((s) =>
        s.kind === 'web' ? [s.health.publicPath] : [],
      ),
      publish: (version, fault) =>
        sandboxImages(sandbox, {
          application,
          ...(fault === undefined ? {} : { faults: { [version]: fault } }),
        }).build(version, repositories, () => undefined),
      session: (version, over = {}, faults = {}) => {
        const config = readStackConfig(stack, merge(overlay, over) as Record<string, unknown>, {
          folder,
          program: true,
        });
        return openSession({
          config: { ...config, values: { ...config.values, 'sluice:version': version } },
          surroundings: inSandbox({ sandbox, application, realEngine: false, faults }),
          directory,
        });
      },
      fault: (machine, fault) => sandbox.call('PUT', `/hosts/${machine}`, fault),
      close: () => sandbox.close(),
    };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
};
