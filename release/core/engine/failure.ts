import type { Effect, Event } from './effects.ts';
import { onRecordFailed } from './finish.ts';
import { isUndoing, onUndoFailed } from './data-back.ts';
import { onRevertFailed } from './revert.ts';
import { enter, fail, failureOf, finish, go, issue, note, stopPending, toRecord, type Turn } from './turn.ts';
import type { Failure } from './types.ts';

type Failed = Extract<Event, { kind: 'failed' }>;

/**
 * The one way a deployment goes wrong. What only looks is forgotten; what acts is stopped and waited for; then
 * either everything goes back, or, where no service was touched, it simply ends.
 */
export const onFail = (t: Turn, failure: Failure): void => {
  const { s } = t;
  if (['revert', 'record', 'done'].includes(s.phase.name) || isUndoing(s))
    return note(t, `too late to go back: ${failure.why}`);
  s.failure ??= failure;
  delete s.paused;
  endRunningStage(t, failure);
  note(t, failure.why);
  stopPending(t);
  if (s.changed) s.rollback ??= { decidedAt: t.now, why: failure.why, by: failure.by };
  if (s.pending.length > 0)
    return enter(t, { name: 'revert', part: 'stop', tries: 0 }, 'stops what is running');
  goBack(t);
};

const endRunningStage = (t: Turn, failure: Failure): void => {
  const run = t.s.stages.at(-1);
  if (run?.status !== 'running') return;
  run.endedAt = t.now;
  run.status = failure.by === 'person' ? 'aborted' : 'failed';
};

export const goBack = (t: Turn): void => {
  if (t.s.changed) return go(t, { to: 'revert' });
  if (t.s.lease === undefined && ['validate', 'preflight', 'lease'].includes(t.s.phase.name))
    return finish(t, { status: 'refused', why: t.s.failure?.why ?? 'stopped' });
  toRecord(t, 'failed');
};

/** An effect could not be done. */
export const onEffectFailed = (t: Turn, effect: Effect, event: Failed): void => {
  const { error } = event;
  if (error.release !== undefined) t.s.current = error.release;
  if (error.routing !== undefined) t.s.routing = error.routing;
  // A message that cannot be sent never fails a release.
  if (effect.kind === 'message') {
    t.s.messages.push({ to: 'all', sent: false, reason: error.message });
    return t.s.phase.name === 'record' ? onRecordFailed(t, effect, error) : undefined;
  }
  switch (t.s.phase.name) {
    case 'validate':
    case 'preflight':
      return finish(t, refusal(error));
    case 'lease':
      if (t.s.lease === undefined) return finish(t, refusal(error));
      break;
    case 'record':
      return onRecordFailed(t, effect, error);
    case 'revert':
      return onRevertFailed(t, effect, error);
    case 'restore':
    case 'smoke':
      if (isUndoing(t.s)) return onUndoFailed(t, effect, error);
      break;
    case 'halted':
      return note(t, error.message);
    case 'stage':
      if (effect.kind !== 'look') break;
      // One look that failed is missing data, which the gate judges; the next one comes as planned.
      note(t, `look failed: ${error.message}`);
      issue(t, { ...effect, at: t.now + t.s.settings.health.interval });
      return;
    default:
      break;
  }
  fail(
    t,
    failureOf(t, causeOf(t, effect, error.kind), `${nameOf(effect)}: ${reasonIn(error)}`, error.details),
  );
};

/**
 * A command of this project says why it ended in a paragraph of its own; what engines put around it stays in the details.
 * The embedded engine has it in its message, `pulumi` with the resource that failed.
 */
export const reasonIn = ({ message, details }: Pick<Failed['error'], 'message' | 'details'>): string => {
  for (const text of [message, ...details]) {
    const paragraph = /(?:^|\n)error: ([\s\S]+)$/.exec(text)?.[1]?.trim();
    if (paragraph !== undefined) return paragraph;
  }
  return message;
};

const refusal = (error: Failed['error']) => ({
  status: 'refused' as const,
  why: error.message,
  ...(error.hint === undefined ? {} : { hint: error.hint }),
});

const nameOf = (effect: Effect): string => (effect.kind === 'update' ? `update ${effect.name}` : effect.kind);

const causeOf = (t: Turn, effect: Effect, kind: string): Failure['by'] => {
  if (kind === 'timeout') return 'timeout';
  if (t.s.phase.name === 'backup') return 'backup';
  if (effect.kind === 'update' && effect.step === 'migrate') return 'migration';
  if (effect.kind === 'probe') return 'health';
  return effect.kind === 'update' ? 'update' : 'error';
};
