import type { StackConfig } from './stack-config.ts';
import type { OpenedUpdater } from './surroundings.ts';

/** The stack under the real engine, with this repository's program. Throws (exit 3) without a usable CLI. */
export const realUpdater = async (config: StackConfig): Promise<OpenedUpdater> => {
  const { default: program } = await import('../../infra/index.ts');
  const { pulumiUpdater } = await import('../../release/adapters/pulumi/updater.ts');
  return pulumiUpdater({
    project: config.project,
    stack: config.stack,
    program: async () => ({ ...(await program()) }),
    config: () => config.values,
    stackFile: config.file,
    environment: {},
  });
};
