import type { Step } from '../plan.ts';
import { issueUpdate, takeUpdate } from './data.ts';
import type { DoneEvent } from './effects.ts';
import { endStep, enter, resultOf, type Turn } from './turn.ts';

/** Users kept out around a migration: an update each way, as for everything that the stack says. */

export const enterMaintenance = (t: Turn, step: Step): void => {
  const closes = step.kind === 'close';
  enter(
    t,
    { name: 'maintenance' },
    closes ? 'users are sent to the maintenance page' : 'users are let in again',
  );
  // Whatever goes wrong from here on, users must be let in again: that is the way back.
  if (closes) t.s.changed = true;
  issueUpdate(t, step, t.s.settings.timeouts.deploy);
};

export const onMaintenance = (t: Turn, event: DoneEvent): void => {
  if (takeUpdate(t, resultOf(event, 'update'))) endStep(t);
};
