import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalWorkspace, Stack, type EngineEvent, type PulumiFn } from '@pulumi/pulumi/automation/index.js';
import type { Release } from '../../../config/release.types.ts';
import { messageOf } from '../../../lib/errors.ts';
import {
  parseHistoricRelease,
  parseOutputs,
  parseTokens,
  RELEASE_KEY,
  requireOutputs,
} from '../../ports/outputs.ts';
import { protectedPreview } from '../../ports/protection.ts';
import {
  UpdateFailed,
  type HistoryEntry,
  type PreviewChange,
  type StackUpdater,
  type UpdateEvent,
} from '../../ports/stack.ts';
import { openCli, type Cli } from './command.ts';
import { toPreviewChange, toUpdateEvent } from './events.ts';
import { translate, type FailedRun } from './failure.ts';
import { clearDeadLocks, lockHolders } from './lock.ts';
import { settle, settledText } from './pending.ts';
import { stackFileText } from './stack-file.ts';
import { readHistory, readSecretOutput, readState, writeState, type LastState } from './state.ts';

export interface PulumiSettings {
  readonly project: string;
  readonly stack: string;
  readonly program: PulumiFn;
  /** Configuration of every update, without `sluice:release`; asked anew each time. */
  readonly config: () => Readonly<Record<string, string>>;
  /** Text of the stack's own file, for its encrypted entries and how they are sealed. */
  readonly stackFile: string | undefined;
  /** Added to this process's environment: backend, passphrase, provider ports. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface PulumiUpdater extends StackUpdater {
  /** Folder of the project file and stack file that the CLI works in; it goes with `close`. */
  readonly workDir: string;
  close(): Promise<void>;
}

/** Where one updater works. */
interface Place {
  readonly settings: PulumiSettings;
  readonly workDir: string;
  readonly cli: Cli;
  readonly stack: Stack;
  /** Reads the checkpoint; how it is sealed is remembered for the next run. */
  read(): Promise<LastState>;
  /** Writes the stack file of the next run. */
  configure(release: Release | undefined): Promise<void>;
}

/**
 * The stack updater port on the real engine, through the Automation API with this repository's program inline.
 * It works in a folder of its own: the working tree, and the stack files in it, stay as they are. A stack that is
 * not there yet is made. Throws (exit 3) without a usable CLI.
 */
export const pulumiUpdater = async (settings: PulumiSettings): Promise<PulumiUpdater> => {
  const place = await open(settings);
  const { stack: name } = settings;
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
        return await unlocking(work, onEvent);
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
    outputs: async () => parseOutputs((await place.read()).outputs),
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
    close: () => rm(place.workDir, { recursive: true, force: true }),
  };
};

/** Resources that a killed update was making are taken in if they are there, so that none is made twice. */
const settlePending = async (
  { cli, settings: { stack: name }, stack, read }: Place,
  onEvent: (event: UpdateEvent) => void,
): Promise<void> => {
  const settled = settle((await read()).checkpoint);
  if (settled === undefined) return;
  await writeState(cli, name, settled.checkpoint);
  const target = [...settled.adopted];
  // Whatever its provider does not find is dropped.
  if (target.length > 0) await stack.refresh({ target, color: 'never' });
  onEvent({ at: Date.now(), kind: 'message', text: settledText(settled) });
};

/** Once more without the lock, when that belongs to a process that is known to be gone. */
const unlocking = async <T>(work: () => Promise<T>, onEvent: (event: UpdateEvent) => void): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const holders = lockHolders(messageOf(error));
    const [gone] = holders === undefined ? [] : clearDeadLocks(holders);
    if (gone === undefined) throw error;
    const text = `took away the lock of process ${gone.pid}, which is gone`;
    onEvent({ at: Date.now(), kind: 'message', text });
    return work();
  }
};

const open = async (settings: PulumiSettings): Promise<Place> => {
  const { project, stack: name, environment } = settings;
  const workDir = await mkdtemp(join(tmpdir(), 'sluice-pulumi-'));
  try {
    await writeFile(join(workDir, 'Pulumi.yaml'), `name: ${project}\nruntime: nodejs\n`);
    const cli = await openCli(workDir, environment);
    const there = await exists(cli, name);
    let seal = there ? (await readState(cli, name)).seal : undefined;
    const configure: Place['configure'] = async (release) => {
      const { [RELEASE_KEY]: _, ...base } = settings.config();
      const values = release === undefined ? base : { ...base, [RELEASE_KEY]: JSON.stringify(release) };
      const text = stackFileText(settings.stackFile, values, seal);
      await writeFile(join(workDir, `Pulumi.${name}.yaml`), text, { mode: 0o600 });
    };
    const read = async (): Promise<LastState> => {
      const state = await readState(cli, name);
      ({ seal } = state);
      return state;
    };
    await configure(undefined);
    if (!there) await cli.run(['stack', 'init', name, '--no-select']);
    const workspace = await LocalWorkspace.create({
      workDir,
      // A refresh only asks for it: it runs no program.
      program: settings.program,
      pulumiCommand: cli.command,
      envVars: { ...environment },
    });
    return { settings, workDir, cli, stack: await Stack.select(name, workspace), read, configure };
  } catch (error) {
    await rm(workDir, { recursive: true, force: true });
    throw failureOf(name, error);
  }
};

const exists = async (cli: Cli, name: string): Promise<boolean> => {
  try {
    await cli.run(['stack', '--show-name', '--stack', name]);
    return true;
  } catch (error) {
    if (/no stack named .* found/.test(messageOf(error))) return false;
    throw error;
  }
};

type OnEvent = (event: EngineEvent) => void;

/** Everything that is known of a run that failed, to be told in the words of the port. */
class RunFailed extends Error {
  override readonly name = 'RunFailed';
  readonly run: Omit<FailedRun, 'stack' | 'what'>;
  constructor(run: RunFailed['run']) {
    super(messageOf(run.error), { cause: run.error });
    this.run = run;
  }
}

const failureOf = (stack: string, error: unknown, what: 'update' | 'preview' = 'update'): unknown =>
  translate(
    error instanceof RunFailed
      ? { stack, what, ...error.run }
      : { stack, what, error, events: [], thrown: undefined, cancelled: false },
  );

/** Runs the program under the engine once, and resolves to the events. */
const run = async (
  { settings }: Place,
  work: (program: PulumiFn, onEvent: OnEvent) => Promise<unknown>,
  signal?: AbortSignal,
  shown?: OnEvent,
): Promise<readonly EngineEvent[]> => {
  const events: EngineEvent[] = [];
  let thrown: unknown;
  // The program runs in this process: what it throws is known here as it is, with its hint and exit code.
  const program: PulumiFn = async () => {
    try {
      return await settings.program();
    } catch (error) {
      thrown ??= error;
      throw error;
    }
  };
  try {
    await work(program, (event) => {
      events.push(event);
      shown?.(event);
    });
    return events;
  } catch (error) {
    throw new RunFailed({ error, events, thrown, cancelled: signal?.aborted === true });
  }
};

const update = async (
  place: Place,
  release: Release | undefined,
  onEvent: (event: UpdateEvent) => void,
  signal: AbortSignal | undefined,
  startedAt: number,
) => {
  const { stack } = place;
  const message = release === undefined ? 'carry on' : `release ${release.serial} of ${release.deployment}`;
  const events = await run(
    place,
    (program, on) =>
      stack.up({
        program,
        message,
        color: 'never',
        onEvent: on,
        ...(signal === undefined ? {} : { signal }),
      }),
    signal,
    (event) => {
      const shown = toUpdateEvent(event);
      if (shown !== undefined) onEvent(shown);
    },
  );
  const changes = events.findLast((e) => e.summaryEvent !== undefined)?.summaryEvent?.resourceChanges ?? {};
  return {
    outputs: requireOutputs((await place.read()).outputs),
    changes: { ...changes } as Record<string, number>,
    durationMs: performance.now() - startedAt,
  };
};
