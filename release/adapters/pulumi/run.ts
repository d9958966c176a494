import type { EngineEvent, PulumiFn } from '@pulumi/pulumi/automation/index.js';
import type { Release } from '../../../config/release.types.ts';
import { messageOf } from '../../../lib/errors.ts';
import { requireOutputs } from '../../ports/outputs.ts';
import type { UpdateEvent, UpdateResult } from '../../ports/stack.ts';
import { toUpdateEvent } from './events.ts';
import { translate, type FailedRun } from './failure.ts';
import { clearDeadLocks, haveEnded, lockHolders } from './lock.ts';
import { settle, settledText } from './pending.ts';
import type { Place } from './place.ts';
import { writeState } from './state.ts';

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

/** What failed, in the words of the port. */
export const failureOf = (stack: string, error: unknown, what: 'update' | 'preview' = 'update'): unknown =>
  translate(
    error instanceof RunFailed
      ? { stack, what, ...error.run }
      : { stack, what, error, events: [], thrown: undefined, cancelled: false },
  );

/** Runs the program under the engine once, and resolves to the events. */
export const run = async (
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

/** For `pulumi stack history`, e.g. `release 9: blue v1.0.0 95 %, green v2.0.0 5 % (deployment 1700000000-…)`. */
export const messageOfRelease = ({ serial, slots, traffic, deployment }: Release): string => {
  const shown = (['blue', 'green'] as const).flatMap((name) => {
    const slot = slots[name];
    return slot === undefined ? [] : [`${name} ${slot.version} ${traffic[name]} %`];
  });
  return `release ${serial}: ${shown.join(', ') || 'nothing yet'} (deployment ${deployment})`;
};

/** One update, and what it left. */
export const update = async (
  place: Place,
  release: Release | undefined,
  onEvent: (event: UpdateEvent) => void,
  signal: AbortSignal | undefined,
  startedAt: number,
): Promise<UpdateResult> => {
  const { stack } = place;
  const message = release === undefined ? 'carry on' : messageOfRelease(release);
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
    changes: { ...changes },
    durationMs: performance.now() - startedAt,
  };
};

/** Resources that a killed update was making are taken in if they are there, so that none is made twice. */
export const settlePending = async (
  { cli, settings: { stack: name }, stack, read }: Place,
  onEvent: (event: UpdateEvent) => void,
): Promise<void> => {
  const { checkpoint } = await read();
  const settled = settle(checkpoint);
  if (settled === undefined) return;
  // An update that runs has pending operations, too, and writing a checkpoint takes no lock: ask for it first.
  const [root] = checkpoint.deployment?.resources ?? [];
  if (root !== undefined) await stack.refresh({ target: [root.urn], color: 'never' });
  await writeState(cli, name, settled.checkpoint);
  const target = [...settled.adopted];
  // Whatever its provider does not find is dropped.
  if (target.length > 0) await stack.refresh({ target, color: 'never' });
  onEvent({ at: Date.now(), kind: 'message', text: settledText(settled) });
};

/** Once more when the lock is free: taken from a process that is known to be gone, or waited for where it runs here. */
export const unlocking = async <T>(
  work: () => Promise<T>,
  patienceMs: number,
  onEvent: (event: UpdateEvent) => void,
  signal?: AbortSignal,
): Promise<T> => {
  const say = (text: string): void => onEvent({ at: Date.now(), kind: 'message', text });
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const holders = lockHolders(messageOf(error)) ?? [];
      const [gone] = clearDeadLocks(holders);
      if (gone !== undefined) {
        say(`took away the lock of process ${gone.pid}, which is gone`);
        continue;
      }
      const wait = (): void =>
        say(`locked by process ${holders.map((h) => h.pid).join(', ')} of this machine: waiting for it`);
      if (!(await haveEnded(holders, deadline, wait, signal))) throw error;
    }
  }
};
