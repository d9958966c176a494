import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { badInput, EXIT, messageOf, refused, type ExitCode } from '../../lib/errors.ts';
import { readVersions } from '../../sandbox/adapters/images.ts';
import { connectSandbox, startSandbox, type Sandbox } from '../../sandbox/client.ts';
import { startGrpc, grpcPort } from '../../sandbox/grpc/client.ts';
import { text, type Values } from '../command.ts';
import { onHosts, sandboxMachines } from '../demo/machines.ts';
import { APPLICATION } from '../demo/overlay.ts';
import { seedImages, seedStack } from '../demo/seed.ts';
import { seedGithub } from '../demo/seed-github.ts';
import type { Printer } from '../print.ts';
import { findSandbox, sandboxFolder } from '../session/find.ts';
import { passphraseOf } from '../session/in-sandbox.ts';
import { prepareDirectory } from '../session/open.ts';
import { readPrepared, writePrepared } from '../session/prepared.ts';
import { ROOT, readStackConfig, type StackConfig } from '../session/stack-config.ts';
import { quoted } from '../../lib/shell.ts';

const STACKS = ['staging', 'production'];

const directoryOf = (options: Values): string => prepareDirectory(text(options, 'directory') ?? '.sluice');

export const sandboxUp = async (options: Values, print: Printer): Promise<ExitCode> => {
  const directory = directoryOf(options);
  const folder = sandboxFolder(directory);
  if (existsSync(join(folder, 'daemon.json'))) {
    const running = await connectSandbox(folder).catch(() => undefined);
    if (running !== undefined) {
      await running.close();
      throw refused(
        `the local cloud is up already (${running.url})`,
        'sluice sandbox status, or sluice sandbox down',
      );
    }
  }
  const application = resolve(text(options, 'application') ?? join(ROOT, APPLICATION));
  const stacks = STACKS.map((stack) => readStackConfig(stack));
  const [first] = stacks;
  if (first === undefined) throw new Error('no stack');
  await checkServices(application, stacks);
  // Tasks run inside the cloud's process: they keep their logs in the same working folder.
  process.env['SLUICE_DIR'] = directory;
  const region = first.values['aws:region'] ?? 'eu-west-1';
  const sandbox = await startSandbox({ directory: folder, detached: true, cwd: ROOT, region });
  try {
    const versions = await seed(sandbox, application, stacks);
    await startGrpc(sandbox);
    print.result(
      'sandbox',
      { url: sandbox.url, s3: sandbox.s3, versions },
      [
        `the local cloud is up: control ${sandbox.url}, S3 ${sandbox.s3}, PostgreSQL, ${first.app.application} ${versions.join(', ')}`,
        `  next: sluice deploy --stack ${first.app.rollout === 'direct' ? first.stack : 'production'} --version ${versions[0] ?? 'v1.0.0'}`,
        '  or, for plain pulumi commands: eval "$(npx sluice sandbox env)"',
      ].join('\n'),
    );
    return EXIT.done;
  } catch (error) {
    await sandbox.shutdown();
    throw error;
  } finally {
    await sandbox.close();
  }
};

/** Every service of the stacks must be one that the application has: another one's folder is a likely mistake. */
const checkServices = async (application: string, stacks: readonly StackConfig[]): Promise<void> => {
  const path = join(application, 'versions.json');
  const listed = await readVersions(application).catch((error: unknown) => {
    throw badInput(
      'that folder is no application that the local cloud can run',
      [
        {
          path: '--application',
          reason: messageOf(error),
          got: application,
          allowed: 'a folder with versions.json',
        },
      ],
      `${APPLICATION} is one`,
    );
  });
  for (const { stack, app } of stacks) {
    const missing = Object.keys(app.services).filter((s) => !listed.services.includes(s));
    if (missing.length > 0)
      throw badInput(
        `Pulumi.${stack}.yaml has services that the application does not have`,
        [
          {
            path,
            reason: 'does not list them',
            got: missing.join(', '),
            allowed: listed.services.join(', '),
          },
        ],
        'name the folder of its code: sluice sandbox up --application examples/<name>/app',
      );
  }
};

/** What the cloud must hold before anything is deployed; resolves to the versions that there are. */
const seed = async (
  sandbox: Sandbox,
  application: string,
  stacks: readonly StackConfig[],
): Promise<readonly string[]> => {
  const overlays: Record<string, Readonly<Record<string, unknown>>> = {};
  const keys: Record<string, string> = {};
  const built = new Map<string, readonly string[]>();
  for (const { stack, app } of stacks) {
    await seedStack(sandbox, app);
    await seedGithub(sandbox, app, application);
    // Most often both environments have the same images, or artifacts.
    const { repository } = app.images;
    if (!built.has(repository)) built.set(repository, await seedImages(sandbox, app, application));
    const hosts = onHosts(app);
    if (hosts === undefined) continue;
    const machines = await sandboxMachines(sandbox, hosts);
    overlays[stack] = machines.overlay;
    Object.assign(keys, machines.keys);
  }
  writePrepared(sandbox.directory, { application, overlays, keys });
  return [...new Set([...built.values()].flat())];
};

export const sandboxDown = async (options: Values, print: Printer): Promise<ExitCode> => {
  const sandbox = await findSandbox(directoryOf(options));
  await sandbox.shutdown();
  print.result('sandbox', { down: true }, 'the local cloud is down; its stacks stay in the working folder');
  return EXIT.done;
};

export const sandboxStatus = async (options: Values, print: Printer): Promise<ExitCode> => {
  const sandbox = await findSandbox(directoryOf(options));
  try {
    const status = await sandbox.status();
    print.result(
      'sandbox',
      { ...status },
      [
        `up: control ${sandbox.url}, S3 ${sandbox.s3}`,
        ...status.listeners.map((l) => `  listener ${l.url} (port ${l.port}), ${l.rules} rules`),
        ...status.targetGroups.map(
          (g) =>
            `  ${g.name}: ${g.healthy} of ${g.total} healthy, ${g.requests} requests, ${g.errors} errors`,
        ),
        `  images ${status.images.length}, secrets ${status.secrets.length}, faults ${status.faults.length}`,
      ].join('\n'),
    );
    return EXIT.done;
  } finally {
    await sandbox.close();
  }
};

/** What a shell needs: the cloud's own, and Pulumi's backend, passphrase and attached providers. */
export const sandboxEnv = async (options: Values, print: Printer): Promise<ExitCode> => {
  const directory = directoryOf(options);
  const sandbox = await findSandbox(directory);
  try {
    const port = grpcPort(sandbox.directory);
    const backend = join(sandbox.directory, 'backend');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(backend, { recursive: true });
    const environment: Record<string, string> = {
      ...sandbox.environment(),
      SLUICE_DIR: directory,
      // Files of attributes beside those of the state are not replaced in one go: a `pulumi` that is killed while it
      // writes one leaves a stack that none can read.
      PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: passphraseOf(sandbox.directory),
      PULUMI_DEBUG_PROVIDERS: ['aws', 'github', 'docker', 'command'].map((p) => `${p}:${port}`).join(','),
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      PULUMI_HOME: join(sandbox.directory, 'pulumi-home'),
      // As for this command line itself: every `pulumi` command loads the program anew.
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compiled'),
      ...readPrepared(sandbox.directory).keys,
    };
    // `pulumi` starts the program with the first `node` it finds: it must be one that reads TypeScript, as this one.
    const node = dirname(process.execPath);
    const { PATH = '' } = process.env;
    print.result(
      'environment',
      { ...environment, PATH: `${node}${delimiter}${PATH}` },
      [
        ...Object.entries(environment).map(([k, v]) => `export ${k}=${quoted(v)}`),
        `export PATH=${quoted(node)}${delimiter}"$PATH"`,
      ].join('\n'),
    );
    return EXIT.done;
  } finally {
    await sandbox.close();
  }
};
