import type { Gate } from '../gate/types.ts';
import type { DoneEvent, Effect, EffectBody, EffectKind, EffectResults } from './effects.ts';
import type { Failure, Phase, PlannedStep, Result, State, Status } from './types.ts';

/** One call of `next`: a copy of the state that the phase's code may change, and the time. */
export interface Turn {
  readonly s: State;
  readonly now: number;
  readonly gate: Gate;
  /** Where the deployment goes when the phase's code is done. */
  jump?: Jump;
}

/** The ways from one phase into another; `walk.ts` follows them. Phases know these, not each other. */
export type Jump =
  /** The step that stands next. */
  | { readonly to: 'step' }
  | { readonly to: 'probe' }
  | { readonly to: 'smoke' }
  /** The one way a deployment goes wrong. */
  | { readonly to: 'fail'; readonly failure: Failure }
  /** After what was running has stopped. */
  | { readonly to: 'back' }
  | { readonly to: 'revert' }
  | { readonly to: 'record'; readonly status: Status }
  | { readonly to: 'halt'; readonly why: string };

export const go = (t: Turn, jump: Jump): void => {
  t.jump = jump;
};
export const fail = (t: Turn, failure: Failure): void => go(t, { to: 'fail', failure });
export const halt = (t: Turn, why: string): void => go(t, { to: 'halt', why });
export const enterStep = (t: Turn): void => go(t, { to: 'step' });
export const endStep = (t: Turn): void => {
  t.s.at += 1;
  go(t, { to: 'step' });
};
export const toRecord = (t: Turn, status: Status): void => go(t, { to: 'record', status });

/** Decides on an effect: it is pending until it is observed. */
export const issue = (t: Turn, body: EffectBody): Effect => {
  t.s.counter += 1;
  const effect: Effect = { ...body, id: `${t.s.counter}-${body.kind}` };
  t.s.pending.push({ effect });
  return effect;
};

/** Forgets effects that only look; those that act are asked to stop and waited for. */
export const stopPending = (t: Turn): void => {
  t.s.pending = t.s.pending.flatMap((p) =>
    ACTING.has(p.effect.kind) ? [{ ...p, cancelled: true as const }] : [],
  );
};
const ACTING: ReadonlySet<EffectKind> = new Set(['update', 'build', 'restore', 'undo', 'weights']);

export const enter = (t: Turn, phase: Phase, what?: string): void => {
  t.s.phase = phase;
  if (what !== undefined) note(t, what);
};

export const note = (t: Turn, what: string, extra: { tookMs?: number; by?: string } = {}): void => {
  t.s.timeline.push({ at: t.now, phase: t.s.phase.name, what, ...extra });
};

export const finish = (t: Turn, result: Result): void => {
  t.s.finishedAt ??= t.now;
  t.s.pending = [];
  enter(t, { name: 'done', result }, `${result.status}: ${result.why}`);
};

export const failureOf = (
  t: Turn,
  by: Failure['by'],
  why: string,
  details: readonly string[] = [],
): Failure => {
  const stage = t.s.phase.name === 'stage' ? t.s.stages[t.s.phase.index]?.name : undefined;
  return { phase: t.s.phase.name, ...(stage === undefined ? {} : { stage }), at: t.now, why, by, details };
};

/** The step that is walked now; undefined after the last. */
export const stepOf = (s: State): PlannedStep | undefined => s.steps[s.at];

/** The result of an effect of the expected kind; another kind here is a bug of the engine. */
export const resultOf = <K extends EffectKind>(event: DoneEvent, kind: K): EffectResults[K] => {
  if (event.of !== kind) throw new Error(`phase expected the result of ${kind}, got ${event.of}`);
  return event.result as EffectResults[K];
};

export const QUICK = 60_000;
