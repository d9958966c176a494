import { rm } from 'node:fs/promises';
import { parseHistoricRelease, parseOutputs, parseTokens, RELEASE_KEY } from '../../ports/outputs.ts';
import { protectedPreview } from '../../ports/protection.ts';
import { UpdateFailed, type HistoryEntry, type PreviewChange, type StackUpdater } from '../../ports/stack.ts';
import { toPreviewChange } from './events.ts';
import { openPlace, type PulumiSettings } from './place.ts';
import { failureOf, run, settlePending, unlocking, update } from './run.ts';
import { readHistory, readSecretOutput } from './state.ts';

export type { PulumiSettings } from './place.ts';

export interface PulumiUpdater extends StackUpdater {
  /** Folder of the project file and stack file that the CLI works in; it goes with `close`. */
  readonly workDir: string;
  close(): Promise<void>;
}

/**
 * How long an update waits for another one of this machine: the `pulumi` of a runner that was killed goes on for a
 * while, and would be taken for a failure of the release.
 */
const LOCK_PATIENCE_MS = 60_000;

/**
 * The stack updater port on the real engine, through the Automation API with this repository's program inline.
 * It works in a folder of its own: the working tree, and the stack files in it, stay as they are. A stack that is
 * not there yet is made. Throws (exit 3) without a usable CLI.
 */
export const pulumiUpdater = async (settings: PulumiSettings): Promise<PulumiUpdater> => {
  const { stack: name } = settings;
  const place = await openPlace(settings).catch((error: unknown) => {
    throw failureOf(name, error);
  });
  return {
    workDir: place.workDir,
    up: async (release, { onEvent, signal }) => {
      const startedAt = performance.now();
      const work = async () => {
        await place.configure(release);
        await settlePending(place, onEvent);
        return update(place, release, onEvent, signal, startedAt);
      };
      try {
        return await unlocking(work, settings.lockPatienceMs ?? LOCK_PATIENCE_MS, onEvent, signal);
      } catch (error) {
        throw failureOf(name, error);
      }
    },
    preview: async (release) => {
      await place.configure(release);
      const announced: PreviewChange[] = [];
      const preview = run(
        place,
        (program, onEvent) => place.stack.preview({ program, color: 'never', onEvent }),
        undefined,
        (event) => {
          const change = toPreviewChange(event);
          if (change !== undefined) announced.push(change);
        },
      );
      try {
        await preview;
        return announced;
      } catch (error) {
        const failure = failureOf(name, error, 'preview');
        const failed = failure instanceof UpdateFailed ? failure.failed : [];
        const guarded = protectedPreview(announced, failed);
        if (guarded === undefined) throw failure;
        return guarded;
      }
    },
    outputs: async () => parseOutputs((await place.glance()).outputs),
    previewTokens: () =>
      readSecretOutput(place.cli, name, 'previewTokens').then(parseTokens, (error: unknown) => {
        throw failureOf(name, error);
      }),
    history: async () =>
      (await readHistory(place.cli, name)).map((entry, i): HistoryEntry => {
        const { startedAt, result, config } = entry;
        // A file backend gives every entry the version 0.
        return { version: i + 1, startedAt, result, release: parseHistoricRelease(config[RELEASE_KEY]) };
      }),
    close: () => {
      process.off('exit', place.clear);
      return rm(place.workDir, { recursive: true, force: true });
    },
  };
};
