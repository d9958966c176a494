import { ExpectedError, messageOf } from '../../lib/errors.ts';
import type { Effect, EffectError, Event } from '../core/engine/effects.ts';
import { UpdateFailed } from '../ports/stack.ts';
import type { Context } from './context.ts';
import { EFFECTS, type EffectTable } from './effects/table.ts';

const TIMEOUT = Symbol('timeout');
/** How long something that was told to stop may take to do so. */
const GRACE = 60_000;

/** Does one effect and says what came of it. Never rejects, except with what hooks throw. */
export const execute = async (effect: Effect, c: Context): Promise<Event> => {
  const begun = c.clock.now();
  try {
    if ('at' in effect) await sleepUntil(effect.at, c);
    if (effect.kind === 'wait') await sleepUntil(effect.until, c);
    const from = c.clock.now();
    const result = await withTimeout(effect, c);
    return {
      kind: 'done',
      effect: effect.id,
      of: effect.kind,
      result,
      tookMs: c.clock.now() - from,
    } as Event;
  } catch (error) {
    return {
      kind: 'failed',
      effect: effect.id,
      error: await errorOf(error, effect, c),
      tookMs: c.clock.now() - begun,
    };
  }
};

const sleepUntil = async (at: number, c: Context): Promise<void> => {
  const wait = at - c.clock.now();
  if (wait > 0) await c.clock.sleep(wait, c.signal);
};

const call = (table: EffectTable, effect: Effect, c: Context): Promise<unknown> => {
  const run = table[effect.kind] as (e: Effect, c: Context) => Promise<unknown>;
  return run(effect, c);
};

const withTimeout = async (effect: Effect, c: Context): Promise<unknown> => {
  if (!('timeoutMs' in effect)) return await call(EFFECTS, effect, c);
  const stop = new AbortController();
  const finished = new AbortController();
  const work = call(EFFECTS, effect, { ...c, signal: AbortSignal.any([c.signal, stop.signal]) });
  const timer = c.clock.sleep(effect.timeoutMs, finished.signal).then(
    () => TIMEOUT,
    () => undefined,
  );
  try {
    const first = await Promise.race([
      work,
      timer.then((t) => (t === TIMEOUT ? TIMEOUT : new Promise<never>(() => {}))),
    ]);
    if (first !== TIMEOUT) return first;
    const seconds = Math.round(effect.timeoutMs / 1000);
    const error = Object.assign(new Error(`took longer than ${seconds} s and was stopped`), {
      [TIMEOUT]: true,
    });
    stop.abort(error);
    // What acts on the world must have ended before anybody else acts on it.
    await Promise.race([
      work.catch(() => undefined),
      c.clock.sleep(GRACE, finished.signal).catch(() => undefined),
    ]);
    throw error;
  } finally {
    finished.abort();
  }
};

const errorOf = async (error: unknown, effect: Effect, c: Context): Promise<EffectError> => {
  const base = { message: messageOf(error), details: detailsOf(error) };
  const world = effect.kind === 'update' ? await readWorld(c) : {};
  if (c.signal.aborted) return { ...base, ...world, kind: 'stopped' };
  if (typeof error === 'object' && error !== null && TIMEOUT in error)
    return { ...base, ...world, kind: 'timeout' };
  if (error instanceof UpdateFailed) return { ...base, ...world, kind: 'update' };
  if (error instanceof ExpectedError)
    return { ...base, ...world, kind: 'refused', ...(error.hint === undefined ? {} : { hint: error.hint }) };
  return { ...base, ...world, kind: 'bug' };
};

const detailsOf = (error: unknown): string[] => {
  if (error instanceof UpdateFailed)
    return [
      ...error.failed.map((f) => `${f.urn}: ${f.reason}`),
      ...(error.changed.length === 0 ? [] : [`changed before it failed: ${error.changed.join(', ')}`]),
    ];
  return [];
};

/** After a failed update the completed release is read again: it may be the old one, or the new one. */
export const readWorld = async (c: Context): Promise<Pick<EffectError, 'release' | 'routing'>> => {
  try {
    const outputs = await c.ports.stack.outputs();
    return {
      ...(outputs?.release === undefined ? {} : { release: outputs.release }),
      ...(outputs === undefined ? {} : { routing: outputs.routing }),
    };
  } catch {
    return {};
  }
};
