import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { connectSandbox, startSandbox } from '../../sandbox/client.ts';
import { startGrpc, grpcPort } from '../../sandbox/grpc/client.ts';
import { text, type Values } from '../command.ts';
import { APPLICATION } from '../demo/overlay.ts';
import { seedImages, seedStack } from '../demo/seed.ts';
import { seedGithub } from '../demo/seed-github.ts';
import type { Printer } from '../print.ts';
import { findSandbox, sandboxFolder } from '../session/find.ts';
import { passphraseOf } from '../session/in-sandbox.ts';
import { prepareDirectory } from '../session/open.ts';
import { ROOT, readStackConfig } from '../session/stack-config.ts';
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
  // Tasks run inside the cloud's process: they keep their logs in the same working folder.
  process.env['SLUICE_DIR'] = directory;
  const sandbox = await startSandbox({ directory: folder, detached: true, cwd: ROOT, region: 'eu-west-1' });
  try {
    const apps = STACKS.map((stack) => readStackConfig(stack).app);
    for (const app of apps) {
      await seedStack(sandbox, app);
      await seedGithub(sandbox, app, join(ROOT, APPLICATION));
    }
    const [first] = apps;
    const versions = first === undefined ? [] : await seedImages(sandbox, first, join(ROOT, APPLICATION));
    await startGrpc(sandbox);
    print.result(
      'sandbox',
      { url: sandbox.url, s3: sandbox.s3, versions },
      [
        `the local cloud is up: control ${sandbox.url}, S3 ${sandbox.s3}, PostgreSQL, images ${versions.join(', ')}`,
        '  next: sluice deploy --stack production --version v1.0.0',
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
