import type { Release } from '../../config/release.types.ts';
import { ExpectedError, refused } from '../../lib/errors.ts';
import {
  parseHistoricRelease,
  parseOutputs,
  parseTokens,
  RELEASE_KEY,
  requireOutputs,
} from '../../release/ports/outputs.ts';
import { protectedPreview } from '../../release/ports/protection.ts';
import type { HistoryEntry, PreviewChange, StackUpdater, UpdateEvent } from '../../release/ports/stack.ts';
import { UpdateFailed } from '../../release/ports/stack.ts';
import { createEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { StackFailed } from './failure.ts';
import { lockHolder } from './store.ts';
import type { EngineEvent, EngineOptions, Step } from './types.ts';
import { nameOf } from './urn.ts';

export interface UpdaterSettings {
  /** Configuration of every update, without `sluice:release`; as a function, asked anew for each. */
  readonly baseConfig: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Whether a lock whose process is known to be gone is taken away before an update; default true. */
  readonly clearDeadLocks?: boolean;
}

/** The port, and what only the embedded engine needs. */
export interface EmbeddedUpdater extends StackUpdater {
  /** The engine behind it, for a configuration with or without a release. */
  engine(release: Release | undefined): Engine;
}

const impossible = (event: never): never => {
  throw new Error(`an event of an unknown kind: ${JSON.stringify(event)}`);
};

const text = (event: EngineEvent): string => {
  switch (event.kind) {
    case 'pre':
    case 'done':
      return `${event.op} ${nameOf(event.urn)}`;
    case 'failed':
      return `${event.op} ${nameOf(event.urn)} failed: ${event.reason}`;
    case 'diagnostic':
      return event.text;
    case 'summary':
      return `${event.result}: ${Object.entries(event.changes)
        .map(([op, count]) => `${count} ${op}`)
        .join(', ')}`;
    default:
      return impossible(event);
  }
};

/** What a person wants to follow: no resource that stays as it is, nothing twice. */
const toUpdateEvent = (event: EngineEvent): UpdateEvent | undefined => {
  const base = { at: event.at, text: text(event) };
  switch (event.kind) {
    case 'pre':
      return undefined;
    case 'done':
      return event.op === 'same' || event.op === 'read'
        ? undefined
        : { ...base, kind: 'resource', op: event.op, urn: event.urn };
    case 'failed':
      return { ...base, kind: 'failed', op: event.op, urn: event.urn };
    case 'diagnostic':
      return { ...base, kind: 'message', ...(event.urn === '' ? {} : { urn: event.urn }) };
    case 'summary':
      return { ...base, kind: 'summary' };
    default:
      return impossible(event);
  }
};

const PREVIEWED: Readonly<Partial<Record<Step['op'], PreviewChange['op']>>> = {
  create: 'create',
  update: 'update',
  replace: 'replace',
  delete: 'delete',
  same: 'same',
  read: 'read',
};

const toPreviewChange = (step: Step): PreviewChange | undefined => {
  const op = PREVIEWED[step.op];
  if (op === undefined) return undefined;
  return { op, urn: step.urn, type: step.type, protect: step.protect, diff: Object.keys(step.diff) };
};

const isProgramError = (error: unknown): error is Error =>
  // The SDK's own marks of errors that a program raises for its user (the second is spelt like this there).
  error instanceof Error && ('__pulumiRunError' in error || '__pulumResourceError' in error);

/** The program wraps what it expects into Pulumi's kind of error, and keeps it as the cause. */
const expectedIn = (error: unknown): ExpectedError | undefined => {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof ExpectedError) return e;
  return undefined;
};

/** What the program refuses is expected; resources that failed are `UpdateFailed`; the rest is a bug. */
const translate = (error: unknown): unknown => {
  if (!(error instanceof StackFailed)) return error;
  if (error.failed.length > 0 || error.kind === 'cancelled')
    return new UpdateFailed(error.message, error.changed, error.failed);
  const { cause } = error;
  const expected = expectedIn(cause);
  if (expected !== undefined) {
    const said = cause instanceof Error ? cause.message : '';
    // Otherwise its own text held a secret.
    if (said === error.message) return expected;
    return new ExpectedError(error.message, { exit: expected.exit, hint: expected.hint });
  }
  if (isProgramError(cause)) return refused(error.message, undefined, cause);
  return new UpdateFailed(error.message, error.changed, []);
};

const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
};

/** The stack updater port on the embedded engine: one stack, one configuration at a time. */
export const embeddedUpdater = (
  options: Omit<EngineOptions, 'config' | 'onEvent' | 'signal'>,
  settings: UpdaterSettings,
): EmbeddedUpdater => {
  const engine = (
    release: Release | undefined,
    extra: Pick<EngineOptions, 'onEvent' | 'signal'> = {},
  ): Engine => {
    const { baseConfig } = settings;
    const { [RELEASE_KEY]: _, ...base } = typeof baseConfig === 'function' ? baseConfig() : baseConfig;
    const config = release === undefined ? base : { ...base, [RELEASE_KEY]: JSON.stringify(release) };
    return createEngine({ ...options, ...extra, config });
  };
  const clearDeadLock = (onEvent: (event: UpdateEvent) => void): void => {
    const info = options.store.lockInfo();
    if (settings.clearDeadLocks === false || info === undefined || lockHolder(info) !== 'dead') return;
    options.store.cancel();
    onEvent({
      at: options.now(),
      kind: 'message',
      text: `took away the lock of process ${info.pid}, which is gone`,
    });
  };
  return {
    engine: (release) => engine(release),
    up: async (release, { onEvent, signal }) => {
      clearDeadLock(onEvent);
      const result = await attempt(() =>
        engine(release, {
          onEvent: (event) => {
            const update = toUpdateEvent(event);
            if (update !== undefined) onEvent(update);
          },
          ...(signal === undefined ? {} : { signal }),
        }).up(),
      );
      const outputs = requireOutputs(result.outputs);
      return { outputs, changes: result.changes, durationMs: result.durationMs };
    },
    preview: async (release) => {
      const announced: PreviewChange[] = [];
      const onEvent = (event: EngineEvent): void => {
        const change = event.kind === 'done' ? toPreviewChange(event) : undefined;
        if (change !== undefined) announced.push(change);
      };
      try {
        const { steps } = await attempt(() => engine(release, { onEvent }).preview());
        return steps.map(toPreviewChange).filter((change) => change !== undefined);
      } catch (error) {
        const guarded = protectedPreview(announced, error instanceof UpdateFailed ? error.failed : []);
        if (guarded === undefined) throw error;
        return guarded;
      }
    },
    outputs: async () => parseOutputs(await engine(undefined).outputs()),
    previewTokens: async () =>
      parseTokens((await engine(undefined).outputs({ needSecrets: true }))?.['previewTokens']?.value),
    history: async () => {
      const records = await engine(undefined).history();
      return records
        .filter((record) => record.kind === 'update')
        .map(({ version, startedAt, result, config }): HistoryEntry => ({
          version,
          startedAt,
          result,
          release: parseHistoricRelease(config[RELEASE_KEY]?.value),
        }));
    },
  };
};
