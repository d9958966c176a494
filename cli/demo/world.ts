import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../sandbox/client.ts';
import { deploymentId } from '../../lib/ids.ts';
import type { Request } from '../../release/core/engine/types.ts';
import type { Outcome, RunOptions } from '../../release/runner/types.ts';
import { runRelease } from '../../release/runner.ts';
import { inSandbox } from '../session/in-sandbox.ts';
import { openSession, type Session } from '../session/open.ts';
import { merge, ROOT, readStackConfig } from '../session/stack-config.ts';
import { findExample, type Example } from './example.ts';
import { demoOverlay, migrationsOf } from './overlay.ts';
import { seedGithub } from './seed-github.ts';
import { seedStack } from './seed.ts';

/** A sandbox of its own with an example's database and secrets in it; gone when this process is. */
export interface DemoWorld {
  readonly example: Example;
  readonly sandbox: Sandbox;
  /** URL of the application's database. */
  readonly database: string;
  /** The stack as it is for one version: its migrations, its builds. */
  session(version: string, options: VersionOptions): Promise<Session>;
  close(): Promise<void>;
}

export interface VersionOptions {
  readonly bakes: readonly string[];
  readonly fault?: string | undefined;
  readonly buildMs?: number;
  /** Another stack of the same example. */
  readonly stack?: string;
  /** Laid over `sluice:app`, on top of what the demo shortens. */
  readonly over?: Readonly<Record<string, unknown>>;
  /** Laid over the stack's configuration, e.g. `sluice:version`. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Whether the stack, or the environment that must have run a version before, has one. */
const needsDatabase = (folder: string, stack: string): boolean => {
  const { app } = readStackConfig(stack, {}, { folder });
  const { after } = app.checks;
  return app.database !== undefined || (after !== undefined && needsDatabase(folder, after));
};

/** The same for a stack of machines reached over SSH: its sandbox has them, and its releases walk through stages. */
const onMachines = async (stack: string, directory: string, example: Example): Promise<DemoWorld> => {
  const { openHostsWorld } = await import('./hosts-world.ts');
  const hosts = await openHostsWorld(stack, directory, example);
  const { app } = readStackConfig(stack, {}, { folder: example.folder });
  return {
    example,
    sandbox: hosts.sandbox,
    database: '',
    session: (version, { bakes, fault }) =>
      hosts.session(version, demoOverlay(app, bakes), fault === undefined ? {} : { [version]: fault }),
    close: () => hosts.close(),
  };
};

/** Starts the local cloud for a stack's demo. `directory` is the working folder for records and logs. */
export const openDemoWorld = async (
  stack: string,
  directory: string,
  named?: Example,
): Promise<DemoWorld> => {
  const example = named ?? (await findExample());
  const { folder, application } = example;
  if (readStackConfig(stack, {}, { folder }).app.target.kind === 'hosts')
    return onMachines(stack, directory, example);
  // Tasks run inside the cloud's process: they keep their logs in the same working folder.
  process.env['SLUICE_DIR'] = directory;
  const sandbox = await startSandbox({
    directory: mkdtempSync(join(tmpdir(), 'sluice-sandbox-')),
    temporary: true,
    cwd: ROOT,
    region: 'eu-west-1',
    postgres: needsDatabase(folder, stack),
  });
  try {
    const plain = readStackConfig(stack, {}, { folder }).app;
    const database = await seedStack(sandbox, plain);
    await seedGithub(sandbox, plain, application);
    return {
      example,
      sandbox,
      database,
      session: (version, { bakes, fault, buildMs, values, over = {}, stack: other = stack }) => {
        const { app } = readStackConfig(other, {}, { folder });
        const migrations = migrationsOf(example, version, fault);
        const config = readStackConfig(other, merge(demoOverlay(app, bakes, migrations), over), {
          program: true,
          folder,
        });
        return openSession({
          config: { ...config, values: { ...config.values, ...values } },
          surroundings: inSandbox({
            sandbox,
            application,
            // Whatever the shell names: this cloud is the demo's own.
            realEngine: false,
            ...(fault === undefined ? {} : { faults: { [version]: fault } }),
            ...(buildMs === undefined ? {} : { buildMs }),
          }),
          directory,
        });
      },
      close: () => sandbox.close(),
    };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
};

/** Takes a version into the stack with the real engine of this project. */
export const release = async (
  session: Session,
  version: string,
  reason: string,
  extra: Partial<Pick<RunOptions, 'onView' | 'operator'>> = {},
): Promise<Outcome> => {
  const { config, clock } = session;
  const outputs = await session.ensure();
  const { source } = session.run(outputs, 'unnamed').ports;
  const commit = (await source.tag(version)) ?? (await source.head()).commit;
  const committedAt = await source.madeAt?.(commit);
  const deployment = deploymentId(clock.now(), commit);
  const options = session.run(outputs, deployment);
  const request: Request = {
    application: config.app.application,
    environment: config.app.environment,
    deployment,
    version,
    commit,
    ...(committedAt === undefined ? {} : { committedAt }),
    ref: `refs/tags/${version}`,
    by: (await source.head()).actor,
    reason,
    where: options.holder,
  };
  return runRelease({ ...options, pollMs: 500, ...extra }, request);
};
