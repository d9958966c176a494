import { recordFiles } from '../records/files.ts';
import { messageFor } from '../records/message.ts';
import type { DoneEvent, Effect, EffectError } from './effects.ts';
import { enter, fail, failureOf, finish, issue, note, QUICK, resultOf, toRecord, type Turn } from './turn.ts';
import type { Result, State, Status } from './types.ts';

/** Smoke tests, the messages, the record, the lease let go. */

export const enterSmoke = (t: Turn): void => {
  if (t.s.settings.smoke.tests.length === 0 && !hasPayloads(t.s)) return toRecord(t, 'success');
  enter(t, { name: 'smoke', tries: 0 }, 'smoke tests');
  issueSmoke(t, t.now);
};

/** Functions are asked once more behind the alias: the way that users come. */
const hasPayloads = ({ target }: State): boolean =>
  Object.values(target?.services ?? {}).some((s) => (s.function?.tests.length ?? 0) > 0);

const issueSmoke = (t: Turn, at: number): void => {
  issue(t, { kind: 'smoke', at, timeoutMs: t.s.settings.timeouts.health });
};

export const onSmoke = (t: Turn, event: DoneEvent): void => {
  const { phase } = t.s;
  if (phase.name !== 'smoke') throw new Error('no smoke tests run');
  const outcome = resultOf(event, 'smoke');
  t.s.smoke = outcome;
  if (outcome.passed) {
    note(t, `${outcome.cases.length} smoke tests passed`, { tookMs: event.tookMs });
    return toRecord(t, 'success');
  }
  phase.tries += 1;
  if (phase.tries <= t.s.settings.smoke.retries) return issueSmoke(t, t.now + t.s.settings.smoke.interval);
  const failed = outcome.cases
    .filter((c) => c.critical && !c.passed)
    .map((c) => `${c.name}: ${c.why ?? 'failed'}`);
  const failure = failureOf(t, 'smoke', `smoke tests failed: ${failed.join('; ')}`, failed);
  if (t.s.kind === 'rollback') {
    t.s.failure = failure;
    return toRecord(t, 'failed');
  }
  if (t.s.settings.smoke.onFailure === 'rollback') return fail(t, failure);
  note(t, `${failure.why}; left to a person, as configured`);
  return toRecord(t, 'success');
};

export const enterRecord = (t: Turn, status: Status): void => {
  t.s.pending = [];
  t.s.finishedAt = t.now;
  enter(t, { name: 'record', status }, `ends as ${status}`);
  // People first: what could not be sent is a line in the record.
  const message = messageFor(t.s);
  if (message === undefined) return issueRecord(t);
  issue(t, { kind: 'message', message, timeoutMs: QUICK });
};

const issueRecord = (t: Turn): void => {
  issue(t, { kind: 'record', files: recordFiles(t.s, t.now), timeoutMs: 5 * QUICK });
};

/** People are told, then the record is written, then the lease is let go. */
export const onRecord = (t: Turn, event: DoneEvent): void => {
  if (event.of === 'record') {
    for (const problem of event.result.problems) note(t, problem);
    return afterRecord(t);
  }
  if (event.of === 'wait' || event.of === 'message') return issueRecord(t);
  endWhenQuiet(t);
};

const afterRecord = (t: Turn): void => {
  if (t.s.lease !== undefined) issue(t, { kind: 'letGo', timeoutMs: QUICK });
  endWhenQuiet(t);
};

const endWhenQuiet = (t: Turn): void => {
  if (t.s.pending.length === 0 && t.s.phase.name === 'record') finish(t, resultFor(t.s, t.s.phase.status));
};

export const resultFor = (s: State, status: Status): Result => {
  const problem =
    s.rollback?.problem ??
    (status === 'success' && s.smoke?.passed === false ? 'smoke tests failed' : undefined);
  // Nobody said yes: nothing was begun that a person would have to look after.
  const untouched = status === 'failed' && s.lease === undefined && s.failure?.phase === 'approval';
  const attention = problem ?? (status === 'failed' && !untouched ? s.failure?.why : undefined);
  return {
    status: untouched ? 'refused' : status,
    why: s.failure?.why ?? `${s.request.version} is live in ${s.request.environment}`,
    ...(attention === undefined ? {} : { attention }),
    ...unrecorded(s),
  };
};

/** Traffic went back, and no update could say so: the stack is locked, or it failed. */
const unrecorded = ({ rollback, request }: State): { hint?: string } => {
  if (rollback?.weightsRestoredMs === undefined || rollback.recordedMs !== undefined) return {};
  return {
    hint:
      `traffic is back; when the stack can be updated again (a lock whose process is known to be gone: pulumi cancel), ` +
      `let it say so: sluice reconcile --stack ${request.environment} --to live`,
  };
};

const TRIES = 5;

/** A record that cannot be written is tried again; then the deployment ends all the same and says so. */
export const onRecordFailed = (t: Turn, effect: Effect, error: EffectError): void => {
  if (effect.kind !== 'record') {
    note(t, `${effect.kind}: ${error.message}`);
    return effect.kind === 'message' ? issueRecord(t) : endWhenQuiet(t);
  }
  note(t, `the record could not be written: ${error.message}`);
  const tries = t.s.timeline.filter((e) => e.what.startsWith('the record could not be written')).length;
  if (tries < TRIES) {
    issue(t, { kind: 'wait', until: t.now + QUICK / 4 });
    return;
  }
  afterRecord(t);
};
