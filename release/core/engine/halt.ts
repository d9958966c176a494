import type { DoneEvent } from './effects.ts';
import { takeFacts } from './start.ts';
import { enter, enterStep, fail, failureOf, issue, note, QUICK, stopPending, type Turn } from './turn.ts';

/**
 * Somebody else moved traffic. Nothing more is done: going on would take their decision back, going back might
 * harm users. A person decides, with `sluice reconcile`, then resumes or aborts.
 */
export const onHalt = (t: Turn, why: string): void => {
  const from = t.s.phase.name;
  stopPending(t);
  const hint = `sluice reconcile --stack ${t.s.request.environment}, then sluice deploy --resume, or sluice abort`;
  enter(t, { name: 'halted', why, hint, from }, why);
  issue(t, {
    kind: 'message',
    message: {
      event: 'failure',
      title: `${t.s.request.application} ${t.s.request.version} halted in ${t.s.request.environment}`,
      text: `${why}\n${hint}`,
      link: t.s.request.link,
    },
    timeoutMs: QUICK,
  });
  issue(t, { kind: 'letGo', timeoutMs: QUICK });
};

/** Taken up again: the world is read first, then the step that was halted is begun once more. */
export const resumeHalted = (t: Turn): void => {
  t.s.pending = [];
  issue(t, { kind: 'facts', timeoutMs: QUICK });
};

export const onHalted = (t: Turn, event: DoneEvent): void => {
  if (event.of !== 'facts') return;
  takeFacts(t.s, event.result);
  note(t, 'goes on after the halt');
  if (t.s.phase.name === 'halted' && ['smoke', 'probe', 'revert'].includes(t.s.phase.from))
    return fail(t, failureOf(t, 'error', t.s.phase.why));
  enterStep(t);
};
