import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pulumiUpdater, type PulumiSettings } from '../../release/adapters/pulumi/updater.ts';
import type { StackUpdater } from '../../release/ports/stack.ts';
import { embeddedUpdater, fileStore } from '../../sandbox/engine/index.ts';
import type { Program } from '../../sandbox/engine/index.ts';
import { PASSPHRASE, type Ground } from './ground.ts';

/** A resource as either engine's state has it. */
export type StateResource = Readonly<Record<string, unknown>>;

/** A stack under one of the engines: the port, and a look at its state. */
export interface Opened {
  readonly updater: StackUpdater;
  state(): Promise<readonly StateResource[]>;
  /** The program from the next run on. */
  program: Program;
  /** Configuration from the next run on, without a release. */
  config: Record<string, string>;
  close(): Promise<void>;
}

export interface OpenArgs {
  readonly ground: Ground;
  readonly stack: string;
  readonly program: Program;
  readonly config?: Record<string, string>;
}

export const openReal = async (
  { ground, stack, program, config = {} }: OpenArgs,
  more: Partial<PulumiSettings> = {},
): Promise<Opened & { readonly workDir: string }> => {
  const opened = { program, config };
  const updater = await pulumiUpdater({
    project: 'sluice',
    stack,
    program: async () => ({ ...(await opened.program()) }),
    config: () => opened.config,
    stackFile: undefined,
    environment: ground.environment,
    ...more,
  });
  return Object.assign(opened, {
    updater,
    workDir: updater.workDir,
    state: () => Promise.resolve(checkpoint(ground, stack).deployment.resources ?? []),
    close: () => updater.close(),
  });
};

interface Checkpoint {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: StateResource }[];
  };
}

/** As the backend's folder has it; `pulumi stack export` says the same and takes half a second. */
export const checkpoint = (ground: Ground, stack: string): Checkpoint => {
  const file = join(ground.directory, 'backend/.pulumi/stacks/sluice', `${stack}.json`);
  const { checkpoint: kept } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly checkpoint: { readonly latest?: Checkpoint['deployment'] };
  };
  return { deployment: kept.latest ?? {} };
};

export const openEmbedded = ({ ground, stack, program, config = {} }: OpenArgs): Opened => {
  const opened = { program, config };
  const updater = embeddedUpdater(
    {
      project: 'sluice',
      stack,
      program: () => opened.program(),
      provider: ground.provider,
      store: fileStore(join(ground.directory, 'embedded', stack)),
      passphrase: PASSPHRASE,
      now: () => Date.now(),
    },
    { baseConfig: () => opened.config },
  );
  return Object.assign(opened, {
    updater,
    state: async () =>
      (await updater.engine(undefined).exportState()).resources as unknown as StateResource[],
    close: () => Promise.resolve(),
  });
};
