import type { Event } from './effects.ts';
import { approve } from './start.ts';
import { promoteStage } from './stages.ts';
import { enterStep, fail, failureOf, go, note, type Turn } from './turn.ts';

type Said = Extract<Event, { kind: 'operator' }>;

/** What a person says. Anything that does not fit the phase is noted and changes nothing. */
export const onOperator = (t: Turn, said: Said): void => {
  const why = said.why === '' ? '' : `: ${said.why}`;
  switch (said.command) {
    case 'pause':
      t.s.paused = { by: said.by, why: said.why, at: t.now };
      return note(t, `paused by ${said.by}${why}`, { by: said.by });
    case 'promote':
      return promote(t, said);
    case 'approve':
      if (t.s.phase.name !== 'approval') return note(t, `${said.by} approved, which nobody waits for`);
      return approve(t, said.by, said.review);
    case 'abort':
      return abort(t, said, why);
  }
};

/** A paused release goes on where it was; otherwise the bake ends now. */
const promote = (t: Turn, said: Said): void => {
  if (t.s.paused === undefined) return promoteStage(t, said.by);
  delete t.s.paused;
  note(t, `goes on, says ${said.by}`, { by: said.by });
  if (t.s.phase.name === 'hold') enterStep(t);
};

const abort = (t: Turn, said: Said, why: string): void => {
  const failure = failureOf(t, 'person', `aborted by ${said.by}${why}`);
  if (t.s.phase.name !== 'halted') return fail(t, failure);
  t.s.failure = failure;
  t.s.rollback = { decidedAt: t.now, why: failure.why, by: 'person' };
  t.s.pending = [];
  if (t.s.changed) go(t, { to: 'revert' });
  else fail(t, failure);
};
