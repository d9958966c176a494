import { messageOf } from '../../lib/errors.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { deleteRest } from './deletes.ts';
import { ResourceFailed, StackFailed } from './failure.ts';
import { readHistory, writeHistory } from './history.ts';
import { runProgram } from './program.ts';
import { readable, rememberOutputs, stackOutputs } from './reference.ts';
import { refreshAll } from './refresh.ts';
import { Report } from './report.ts';
import { Run } from './run.ts';
import type { LockInfo } from './store.ts';
import type { EngineOptions, HistoryRecord, Outcome, Outputs, StackState } from './types.ts';
import { nameOf } from './urn.ts';

export interface RefreshOptions {
  /** Also forget creates whose end was never seen. What they may have made is not looked for. */
  readonly clearPendingCreates?: boolean;
}

export interface Engine {
  /** What `up` would do. Changes nothing and takes no lock. */
  preview(): Promise<Outcome>;
  /** Brings the stack to what the program declares. Throws `StackFailed`; what was done until then is kept. */
  up(): Promise<Outcome>;
  /** Takes over what providers say about every resource. Stack outputs stay. */
  refresh(options?: RefreshOptions): Promise<Outcome>;
  /** Deletes everything; refused as a whole while anything is protected. */
  destroy(): Promise<Outcome>;
  /**
   * Outputs of the last update; undefined before the first. With another passphrase plain outputs stay readable and
   * secret ones are null, unless `needSecrets`: then it is refused.
   */
  outputs(options?: { readonly needSecrets?: boolean }): Promise<Outputs | undefined>;
  /** Everything in state, secrets opened and marked. */
  exportState(): Promise<StackState>;
  /** Oldest first; failed updates are in it, killed ones are not. */
  history(): Promise<readonly HistoryRecord[]>;
  lockInfo(): LockInfo | undefined;
  /** Takes the lock away; a running update stops at its next step. False when there was none. */
  cancel(): boolean;
}

type Kind = HistoryRecord['kind'];

const open = (options: EngineOptions, lenient = false): Promise<Checkpoint> =>
  openCheckpoint({
    store: options.store,
    project: options.project,
    stack: options.stack,
    passphrase: options.passphrase,
    lenient,
  });

const begin = (options: EngineOptions, preview: boolean, checkpoint: Checkpoint): Run => {
  const report = new Report(options.now, options.onEvent);
  for (const key of options.secretKeys ?? []) report.hide(options.config[key] ?? '');
  const run = new Run(options, preview, checkpoint.ledger, report);
  rememberOutputs(run);
  return run;
};

/** One clear text: the resource or program error, without secrets. */
const describe = (run: Run, error: unknown): string => {
  const text = error instanceof ResourceFailed ? error.message : messageOf(error);
  return run.report.text(text === '' ? 'the program failed without a message' : text);
};

const failureOf = (run: Run): StackFailed | undefined => {
  const { failure, report } = run;
  if (failure === undefined) return undefined;
  const { kind, error } = failure;
  const { failed } = report;
  const others = failed.length > 1 ? failed.slice(1).map((f) => `\n${nameOf(f.urn)}: ${f.reason}`) : [];
  return new StackFailed(describe(run, error) + others.join(''), {
    kind,
    cause: error,
    changed: run.preview ? [] : report.changed(),
    failed: [...failed],
  });
};

const outcome = (run: Run): Outcome => ({
  outputs: readable(stackOutputs(run.ledger) ?? {}),
  changes: { ...run.report.changes },
  steps: run.report.steps,
  durationMs: run.report.durationMs(),
});

const finish = (run: Run): Outcome => {
  const failure = failureOf(run);
  if (failure !== undefined) run.report.diagnostic('error', '', failure.message);
  run.report.summary(failure === undefined ? 'succeeded' : 'failed');
  if (failure !== undefined) throw failure;
  return outcome(run);
};

/** Follows the caller's signal while the run is on. */
const cancellable = async (run: Run, work: () => Promise<void>): Promise<void> => {
  const { signal } = run.options;
  const cancel = (): void => run.halt('cancelled', new Error('the update was cancelled'));
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    await work();
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
};

const warnPending = (run: Run): void => {
  const pending = run.ledger.pending();
  if (pending.length === 0) return;
  run.report.diagnostic(
    'warning',
    '',
    `${pending.length} operation(s) of an earlier update were interrupted, and their end was not seen:\n` +
      pending.map((p) => `  ${p.resource.urn}, interrupted while ${p.type}`).join('\n') +
      '\nWhat is declared is made again. `refresh` with clearPendingCreates forgets interrupted creates.',
  );
  run.ledger.forget(['updating', 'deleting', 'reading']);
};

/** One update under the lock: state after every step, history at the end, whatever the end is. */
const update = async (
  options: EngineOptions,
  kind: Kind,
  work: (run: Run) => Promise<void>,
): Promise<Outcome> => {
  const lock = options.store.lock(options.now());
  try {
    const checkpoint = await open(options);
    const run = begin(options, false, checkpoint);
    checkpoint.record(() => {
      if (!lock.held()) throw new Error('the lock of this update was taken away (`cancel`); it stops here');
    });
    await cancellable(run, () => work(run)).catch((error: unknown) => run.halt('program', error));
    await run.idle();
    if (lock.held()) {
      if (checkpoint.ledger.changed || !checkpoint.exists) checkpoint.save();
      writeHistory(options, checkpoint, {
        kind,
        startedAt: run.report.startedAt,
        endedAt: options.now(),
        result: run.failure === undefined ? 'succeeded' : 'failed',
        changes: { ...run.report.changes },
      });
    }
    return finish(run);
  } finally {
    lock.release();
  }
};

/** An engine for one stack. Engines of several stacks can run at the same time in one process. */
export const createEngine = (options: EngineOptions): Engine => ({
  preview: async () => {
    const run = begin(options, true, await open(options));
    await cancellable(run, async () => {
      const registrar = await runProgram(run);
      if (run.failure === undefined) await deleteRest(run, registrar.kept);
    });
    return finish(run);
  },
  up: () =>
    update(options, 'update', async (run) => {
      warnPending(run);
      const registrar = await runProgram(run);
      if (run.failure === undefined) await deleteRest(run, registrar.kept);
    }),
  refresh: (settings = {}) =>
    update(options, 'refresh', async (run) => {
      run.ledger.forget(['updating', 'deleting', 'reading']);
      if (settings.clearPendingCreates) run.ledger.forget(['creating']);
      await refreshAll(run);
    }),
  destroy: () =>
    update(options, 'destroy', async (run) => {
      warnPending(run);
      await deleteRest(run, new Set());
    }),
  outputs: async ({ needSecrets = false } = {}) => {
    const outputs = stackOutputs((await open(options, !needSecrets)).ledger);
    return outputs === undefined ? undefined : readable(outputs);
  },
  exportState: async () => {
    const { ledger } = await open(options);
    return {
      project: options.project,
      stack: options.stack,
      resources: ledger.resources(),
      pendingOperations: ledger.pending(),
    };
  },
  history: async () => readHistory(options.store),
  lockInfo: () => options.store.lockInfo(),
  cancel: () => options.store.cancel(),
});
