import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { refused } from '../../lib/errors.ts';
import { connectSandbox, type Sandbox } from '../../sandbox/client.ts';
import { APPLICATION, DEMO_BAKES, demoOverlay } from '../demo/overlay.ts';
import { flag, text, type Values } from '../command.ts';
import { openSession, prepareDirectory, type Session } from './open.ts';
import { ROOT, readStackConfig } from './stack-config.ts';

/** Folder of the sandbox daemon below the working folder. */
export const sandboxFolder = (directory: string): string => join(directory, 'sandbox');

/** The running sandbox: named by the shell’s environment, or the one of this working folder. */
export const findSandbox = async (directory: string): Promise<Sandbox> => {
  const url = process.env['SLUICE_SANDBOX'];
  const token = process.env['SLUICE_SANDBOX_TOKEN'];
  if (url !== undefined && token !== undefined) return connectSandbox({ url, token });
  const folder = sandboxFolder(directory);
  if (!existsSync(join(folder, 'daemon.json')))
    throw refused('no local cloud is running for this folder', 'sluice sandbox up');
  return connectSandbox(folder);
};

export interface OpenedStack {
  readonly session: Session;
  readonly sandbox: Sandbox;
  /** Whether bakes and probes were shortened. */
  readonly shortened: boolean;
  close(): Promise<void>;
}

/** Opens the stack that a command’s options name. */
export const openStack = async (options: Values): Promise<OpenedStack> => {
  const stack = text(options, 'stack') ?? 'production';
  const plain = readStackConfig(stack);
  const directory = prepareDirectory(text(options, 'directory') ?? '.sluice');
  const sandbox = await findSandbox(directory);
  const shortened = !flag(options, 'realTime') && plain.app.rollout === 'staged';
  const application = join(ROOT, APPLICATION);
  const overlay = shortened
    ? demoOverlay(plain.app, DEMO_BAKES)
    : { images: { build: 'the sandbox builds' } };
  const session = await openSession({
    config: readStackConfig(stack, overlay),
    sandbox,
    directory,
    application,
  });
  return {
    session,
    sandbox,
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
