import type { Release } from '../../../config/release.types.ts';
import { liveOf, liveSlot, opened, sharesOf } from '../release.ts';
import type { DoneEvent, Effect, EffectError, Event } from './effects.ts';
import { criticalOf, reasonsOf } from './slot.ts';
import { enter, failureOf, go, issue, note, QUICK, resultOf, toRecord, type Turn } from './turn.ts';
import { drift, settable } from './weights.ts';
import { namesOf } from '../records/summary.ts';
import { closesForData, issueData, towardsGoal } from './data-back.ts';
import { noteClosed } from './closed.ts';
import { issueUpdate as issueStep, takeUpdate } from './data.ts';
import type { RollbackRun, State } from './types.ts';

/**
 * The one rollback path: traffic first, by direct calls that need neither the stack's lock nor the program; then
 * the stack update that records it; then the version that serves is verified. The way back of a failed release and
 * a rollback by a person differ in where they go, not in how.
 */
const TRIES = 3;

/** What the stack is to be afterwards. `backup` and `schema` stay as they are: data does not go back by itself. */
export const destination = (s: State): Release => {
  const current = s.current;
  if (current === undefined) throw new Error('there is no release to go back from');
  const open = opened(current);
  const next: Release = {
    ...open,
    serial: current.serial + 1,
    replaces: current.serial,
    deployment: s.request.deployment,
    ...(closesForData(s) && open.maintenance === undefined
      ? { maintenance: { by: 'release', deployment: s.request.deployment } }
      : {}),
  };
  if (towardsGoal(s) && s.goal !== undefined) {
    const { goal } = s;
    const slot = (['blue', 'green'] as const).find(
      (x) => current.slots[x]?.deployment === goal.slot.deployment,
    );
    if (slot === undefined) throw new Error('the slot to go back to is not up');
    return { ...next, traffic: { blue: slot === 'blue' ? 100 : 0, green: slot === 'green' ? 100 : 0 } };
  }
  const { stable, before } = s;
  const slot = stable === undefined ? undefined : before?.slots[stable];
  if (stable === undefined || slot === undefined)
    return { ...next, slots: {}, traffic: { blue: 0, green: 0 } };
  return {
    ...next,
    slots: { [stable]: slot },
    traffic: { blue: stable === 'blue' ? 100 : 0, green: stable === 'green' ? 100 : 0 },
  };
};

const runOf = (s: State): RollbackRun => {
  if (s.rollback === undefined) throw new Error('no rollback was decided');
  return s.rollback;
};

/** A person's rollback: its decision was taken when the command was given. */
export const beginGoal = (t: Turn): void => {
  const decidedAt = t.s.approval?.at ?? t.s.startedAt;
  t.s.rollback = { decidedAt, why: t.s.request.reason, by: t.s.request.by };
  t.s.changed = true;
  beginRevert(t);
};

export const beginRevert = (t: Turn): void => {
  const goal = towardsGoal(t.s);
  enter(
    t,
    { name: 'revert', part: 'weights', tries: 0 },
    goal ? 'traffic goes back' : 'everything goes back',
  );
  // Kept so that the record holds when it was decided even when what ran had to be stopped first.
  t.s.rollback ??= { decidedAt: t.now, why: t.s.failure?.why ?? 'failed', by: t.s.failure?.by ?? 'error' };
  issueWeights(t);
};

const issueWeights = (t: Turn): void => {
  const shares = sharesOf(destination(t.s));
  if (t.s.routing === undefined || settable(shares, t.s.routing).length === 0) return issueRecording(t);
  issue(t, { kind: 'weights', shares, timeoutMs: t.s.settings.timeouts.rollback });
};

const issueRecording = (t: Turn): void => {
  enter(t, { name: 'revert', part: 'update', tries: 0 });
  issueUpdate(t);
};

const issueUpdate = (t: Turn): void => {
  issue(t, {
    kind: 'update',
    step: 'revert',
    name: 'rollback',
    release: destination(t.s),
    base: t.s.current,
    weights: 'restored',
    timeoutMs: t.s.settings.timeouts.rollback,
  });
};

/** Something that was asked to stop has ended: what it reports is known, and decides nothing. */
export const onStopped = (t: Turn, event: Extract<Event, { kind: 'done' | 'failed' }>): void => {
  if (event.kind === 'failed') {
    if (event.error.release !== undefined) t.s.current = event.error.release;
    if (event.error.routing !== undefined) t.s.routing = event.error.routing;
  } else if (event.of === 'update' && event.result.applied) {
    t.s.current = event.result.release;
    t.s.routing = event.result.routing;
  }
  if (t.s.pending.length > 0 || t.s.phase.name !== 'revert') return;
  go(t, { to: 'back' });
};

export const onRevert = (t: Turn, event: DoneEvent): void => {
  const run = runOf(t.s);
  switch (event.of) {
    case 'weights':
      run.weightsRestoredMs = event.result.restoredAt - run.decidedAt;
      note(t, 'weights restored and read back', { tookMs: event.tookMs });
      return issueRecording(t);
    case 'update':
      return onRecorded(t, event);
    case 'wait':
      return issueUpdate(t);
    default:
      return onVerified(t, event);
  }
};

const onRecorded = (t: Turn, event: Extract<DoneEvent, { of: 'update' }>): void => {
  const run = runOf(t.s);
  const { result } = event;
  if (result.applied) {
    t.s.current = result.release;
    noteClosed(t);
    t.s.routing = result.routing;
    const wrong = drift(result.live, result.release);
    if (wrong.length > 0) run.problem = `weights differ after the rollback: ${wrong.join('; ')}`;
    run.recordedMs = t.now - run.decidedAt;
    run.weightsRestoredMs ??= run.recordedMs;
    note(t, 'the stack says so too', { tookMs: event.tookMs });
  }
  if (!issueData(t)) verify(t);
};

const verify = (t: Turn): void => {
  enter(t, { name: 'revert', part: 'verify', tries: 0 });
  if (!issueVerify(t, t.now)) finishRevert(t);
};

const issueVerify = (t: Turn, at: number): boolean => {
  const serving = t.s.current === undefined ? undefined : liveSlot(destinationOrCurrent(t.s));
  const frozen = serving === undefined ? undefined : destinationOrCurrent(t.s).slots[serving];
  if (serving === undefined || frozen === undefined) return false;
  issue(t, {
    kind: 'probe',
    at,
    slot: serving,
    frozen,
    way: destinationOrCurrent(t.s).maintenance === undefined ? 'public' : 'preview',
    timeoutMs: t.s.settings.timeouts.health,
  });
  return true;
};

/** After a failed recording the stack still names the old release, though traffic is where it should be. */
const destinationOrCurrent = (s: State): Release => {
  if (s.current === undefined) throw new Error('there is no release');
  return s.rollback?.recordedMs === undefined ? destination(s) : s.current;
};

const onVerified = (t: Turn, event: DoneEvent): void => {
  const { phase } = t.s;
  if (phase.name !== 'revert') throw new Error('nothing is verified');
  const { probes } = resultOf(event, 'probe');
  t.s.lastProbes = [...probes];
  const release = destinationOrCurrent(t.s);
  const slot = liveOf(release);
  const wrong = slot === undefined ? [] : reasonsOf(probes, criticalOf(slot));
  if (wrong.length === 0) {
    runOf(t.s).verified = true;
    note(t, `${slot?.version ?? 'the previous version'} serves and is healthy`);
    return finishRevert(t);
  }
  notVerified(t, wrong);
};

const notVerified = (t: Turn, wrong: readonly string[]): void => {
  const { phase } = t.s;
  if (phase.name !== 'revert') throw new Error('nothing is verified');
  phase.tries += 1;
  if (phase.tries < Math.max(1, t.s.settings.health.retries)) {
    issueVerify(t, t.now + t.s.settings.health.interval);
    return;
  }
  const run = runOf(t.s);
  run.verified = false;
  run.problem ??= `the version that serves now is not healthy: ${wrong.join('; ')}`;
  finishRevert(t);
};

const finishRevert = (t: Turn): void => {
  if (!towardsGoal(t.s)) return toRecord(t, 'rolled_back');
  if (t.s.current?.maintenance?.by !== 'release') return afterGoal(t);
  enter(t, { name: 'restore' });
  issueStep(t, { kind: 'open', name: 'open' }, t.s.settings.timeouts.rollback);
};

export const onRestore = (t: Turn, event: DoneEvent): void => {
  switch (event.of) {
    case 'update':
      if (takeUpdate(t, event.result)) afterGoal(t);
      return;
    case 'undo':
      t.s.undone = event.result;
      note(t, `migrations undone: ${namesOf(event.result['undone']).join(', ')}`, { tookMs: event.tookMs });
      break;
    default:
      t.s.backup = resultOf(event, 'restore');
      note(t, 'database restored', { tookMs: event.tookMs });
  }
  verify(t);
};

const afterGoal = (t: Turn): void => {
  const problem = t.s.rollback?.problem;
  if (problem !== undefined) {
    t.s.failure = failureOf(t, 'health', problem);
    return toRecord(t, 'failed');
  }
  if (t.s.request.rollback?.mode === 'standard') return go(t, { to: 'smoke' });
  toRecord(t, 'success');
};

/** A step of the way back that failed is tried again; what cannot be done is said, and the rest goes on. */
export const onRevertFailed = (t: Turn, effect: Effect, error: EffectError): void => {
  const { phase } = t.s;
  if (phase.name !== 'revert') throw new Error('nothing goes back');
  note(t, `${effect.kind} failed: ${error.message}`);
  if (effect.kind === 'probe') return notVerified(t, [error.message]);
  phase.tries += 1;
  if (phase.tries < TRIES) {
    if (effect.kind === 'weights') issueWeights(t);
    else issue(t, { kind: 'wait', until: t.now + QUICK / 12 });
    return;
  }
  const run = runOf(t.s);
  if (effect.kind === 'weights') {
    run.problem = `the direct calls failed: ${error.message}`;
    return issueRecording(t);
  }
  run.problem = `the stack update that records the rollback failed: ${error.message}`;
  if (!issueData(t)) verify(t);
};
