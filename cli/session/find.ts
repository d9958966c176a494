import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { refused } from '../../lib/errors.ts';
import { connectSandbox, type Sandbox } from '../../sandbox/client.ts';
import { DEMO_BAKES, demoOverlay } from '../demo/overlay.ts';
import { flag, text, type Values } from '../command.ts';
import { openSession, prepareDirectory, type Session } from './open.ts';
import { inSandbox } from './in-sandbox.ts';
import { readPrepared } from './prepared.ts';
import { merge, readStackConfig, type StackConfig, type Tree } from './stack-config.ts';

/** Folder of the sandbox daemon below the working folder. */
export const sandboxFolder = (directory: string): string => join(directory, 'sandbox');

/** The running sandbox: named by the shell’s environment, or the one of this working folder. */
export const findSandbox = async (directory: string): Promise<Sandbox> => {
  const url = process.env['SLUICE_SANDBOX'];
  const token = process.env['SLUICE_SANDBOX_TOKEN'];
  if (url !== undefined && token !== undefined) return connectSandbox({ url, token });
  const folder = sandboxFolder(directory);
  if (!existsSync(join(folder, 'daemon.json')))
    throw refused(
      'no local cloud is running for this folder',
      'sluice sandbox up; or, for AWS, name the backend of its stacks in PULUMI_BACKEND_URL',
    );
  return connectSandbox(folder);
};

export interface OpenedStack {
  readonly session: Session;
  /** Where the stack is, for people. */
  readonly where: string;
  /** Whether bakes and probes were shortened. */
  readonly shortened: boolean;
  close(): Promise<void>;
}

/**
 * A shell that addresses a sandbox works in it, with the real engine if it names a Pulumi backend, too. A shell that
 * names a backend alone means AWS. Without either it is the local cloud of this folder, with the embedded engine; only
 * where there is none, a login at Pulumi Cloud (its token in the environment) means AWS.
 */
export const meansAws = (
  environment: Readonly<Record<string, string | undefined>>,
  sandboxHere: boolean,
): boolean => {
  if (environment['SLUICE_SANDBOX'] !== undefined) return false;
  if (environment['PULUMI_BACKEND_URL'] !== undefined) return true;
  return environment['PULUMI_ACCESS_TOKEN'] !== undefined && !sandboxHere;
};

/** Opens the stack that a command’s options name. */
export const openStack = async (options: Values): Promise<OpenedStack> => {
  const stack = text(options, 'stack') ?? 'production';
  const plain = readStackConfig(stack);
  const directory = prepareDirectory(text(options, 'directory') ?? '.sluice');
  if (meansAws(process.env, existsSync(join(sandboxFolder(directory), 'daemon.json')))) {
    const { onAws } = await import('./on-aws.ts');
    const surroundings = onAws(plain);
    const session = await openSession({ config: plain, surroundings, directory });
    return { session, where: surroundings.name, shortened: false, close: () => session.close() };
  }
  return openInSandbox(options, plain, directory);
};

/**
 * What a local cloud that this shell addresses, or that runs for this folder, has in the place of a stack's machines; its
 * keys are put into this process's environment. Empty where there is none.
 */
export const machinesHere = async (directory: string, stack: string): Promise<Tree> => {
  if (meansAws(process.env, existsSync(join(sandboxFolder(directory), 'daemon.json')))) return {};
  const sandbox = await findSandbox(directory).catch(() => undefined);
  if (sandbox === undefined) return {};
  const { overlays, keys } = readPrepared(sandbox.directory);
  await sandbox.close();
  if (overlays[stack] === undefined) return {};
  Object.assign(process.env, keys);
  return overlays[stack];
};

const openInSandbox = async (
  options: Values,
  plain: StackConfig,
  directory: string,
): Promise<OpenedStack> => {
  const sandbox = await findSandbox(directory);
  const { application, overlays, keys } = readPrepared(sandbox.directory);
  const realEngine = process.env['PULUMI_BACKEND_URL'] !== undefined;
  // A shell that is attached has them already, or gets them as secrets of its own.
  if (!realEngine) Object.assign(process.env, keys);
  const machines = overlays[plain.stack];
  const shortened = !flag(options, 'realTime') && plain.app.rollout === 'staged';
  const overlay = shortened
    ? demoOverlay(plain.app, DEMO_BAKES)
    : { images: { build: 'the sandbox builds' } };
  const surroundings = inSandbox({ sandbox, application, realEngine });
  const session = await openSession({
    // Where its machines are the program must know too; in all else a plain `pulumi up` and one by sluice are the same.
    config: readStackConfig(plain.stack, merge(machines ?? {}, overlay), { program: machines !== undefined }),
    surroundings,
    directory,
  });
  return {
    session,
    where: surroundings.name,
    shortened,
    close: async () => {
      await session.close();
      await sandbox.close();
    },
  };
};

/** Opens a stack for one piece of work and lets go of it afterwards. */
export const withStack = async <T>(
  options: Values,
  work: (opened: OpenedStack) => Promise<T>,
): Promise<T> => {
  const opened = await openStack(options);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
};
