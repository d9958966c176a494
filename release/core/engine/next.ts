import type { Gate } from '../gate/types.ts';
import { onBackup, onBuild, onMigrate } from './data.ts';
import type { DoneEvent, Effect, Event } from './effects.ts';
import { onEffectFailed } from './failure.ts';
import { onRecord, onSmoke } from './finish.ts';
import { onApproval, onLease, onPreflight, start } from './start.ts';
import { onRestore, onRevert, onStopped } from './revert.ts';
import { onMaintenance } from './maintenance.ts';
import { onOperator } from './operator.ts';
import { onHalted, resumeHalted } from './halt.ts';
import { onDeploy, onProbe } from './slot.ts';
import { onStage } from './stages.ts';
import { fail, failureOf, finish, note, type Turn } from './turn.ts';
import { follow } from './walk.ts';
import type { Pending, State } from './types.ts';

export interface Decision {
  readonly state: State;
  /** Effects that were not pending before. */
  readonly effects: readonly Effect[];
}

/** What a deployment does next. Pure: the same state, event and time give the same answer. */
export type Next = (state: State, event: Event, now: number) => Decision;

export const engine =
  (gate: Gate): Next =>
  (state, event, now) => {
    if (state.phase.name === 'done') return { state, effects: [] };
    const t: Turn = { s: structuredClone(state), now, gate };
    const known = new Set(state.pending.map((p) => p.effect.id));
    handle(t, event);
    follow(t);
    return {
      state: t.s,
      effects: t.s.pending.filter((p) => !known.has(p.effect.id)).map((p) => p.effect),
    };
  };

const handle = (t: Turn, event: Event): void => {
  switch (event.kind) {
    case 'start':
      t.s.runner = event.runner;
      return start(t);
    case 'resume':
      return resume(t, event);
    case 'operator':
      if (event.n !== undefined) {
        if (event.n <= t.s.control) return;
        t.s.control = event.n;
      }
      return onOperator(t, event);
    case 'interrupted':
      return onOperator(t, { ...event, kind: 'operator', command: 'abort', why: 'interrupted' });
    case 'leaseLost':
      return finish(t, {
        status: 'superseded',
        why: `the lease went to deployment ${event.to}, which decides from here on`,
      });
    case 'done': {
      const observed = take(t, event.effect);
      if (observed === undefined) return;
      if (observed.cancelled) return onStopped(t, event);
      return onDone(t, event);
    }
    case 'failed': {
      const observed = take(t, event.effect);
      if (observed === undefined) return;
      if (observed.cancelled) return onStopped(t, event);
      return onEffectFailed(t, observed.effect, event);
    }
  }
};

/** Takes an observed effect off the pending ones; undefined for one that nobody waits for any more. */
const take = (t: Turn, id: string): Pending | undefined => {
  const found = t.s.pending.find((p) => p.effect.id === id);
  t.s.pending = t.s.pending.filter((p) => p !== found);
  return found;
};

const resume = (t: Turn, event: Extract<Event, { kind: 'resume' }>): void => {
  note(t, `taken up again by ${event.by}${event.how === 'revert' ? ', to go back' : ''}`, { by: event.by });
  t.s.runner = event.runner;
  if (event.lease !== undefined) t.s.lease = event.lease;
  if (event.how === 'revert' && !GOING_BACK.has(t.s.phase.name))
    return fail(t, failureOf(t, 'person', event.why ?? `${event.by} chose to go back after an interruption`));
  if (t.s.phase.name === 'halted') resumeHalted(t);
};

const GOING_BACK: ReadonlySet<string> = new Set(['revert', 'record']);

const onDone = (t: Turn, event: DoneEvent): void => {
  if (event.of === 'message') {
    t.s.messages.push(...event.result.sent);
    for (const { to, sent, reason } of event.result.sent)
      if (!sent) note(t, `a message to ${to} could not be sent: ${reason ?? 'no reason given'}`);
    if (t.s.phase.name !== 'record') return;
  }
  switch (t.s.phase.name) {
    case 'validate':
    case 'preflight':
      return onPreflight(t, event);
    case 'approval':
      return onApproval(t, event);
    case 'lease':
      return onLease(t, event);
    case 'maintenance':
      return onMaintenance(t, event);
    case 'backup':
      return onBackup(t, event);
    case 'build':
      return onBuild(t, event);
    case 'migrate':
      return onMigrate(t, event);
    case 'deploy':
      return onDeploy(t, event);
    case 'probe':
      return onProbe(t, event);
    case 'stage':
      return onStage(t, event);
    case 'smoke':
      return onSmoke(t, event);
    case 'restore':
      return onRestore(t, event);
    case 'revert':
      return onRevert(t, event);
    case 'record':
      return onRecord(t, event);
    case 'halted':
      return onHalted(t, event);
    case 'hold':
    case 'done':
      return;
  }
};
