import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostsApp } from '../../config/hosts/types.ts';
import type { HostAddress, HostFault } from '../../sandbox/cloud/hosts/host.ts';
import { sandboxImages } from '../../sandbox/adapters/images.ts';
import { startSandbox, type Sandbox } from '../../sandbox/client.ts';
import { inSandbox } from '../session/in-sandbox.ts';
import { openSession, type Session } from '../session/open.ts';
import { merge, ROOT, readStackConfig } from '../session/stack-config.ts';
import type { Example } from './example.ts';
import { onHosts, sandboxMachines } from './machines.ts';
import { repositoriesOf, seedStack } from './seed.ts';
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
    const named = onHosts(plain.app);
    if (named === undefined) throw new Error(`${stack} does not run on hosts`);
    await seedStack(sandbox, plain.app);
    await seedGithub(sandbox, plain.app, application);
    const { machines, overlay, keys } = await sandboxMachines(sandbox, named);
    Object.assign(process.env, keys);
    const app = onHosts(readStackConfig(stack, overlay, { folder }).app) ?? named;
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
        }).build(version, repositoriesOf(plain.app), () => undefined),
      session: (version, over = {}, faults = {}) => {
        const config = readStackConfig(stack, merge(overlay, over), {
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
