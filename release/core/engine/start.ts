import { liveSlot, liveVersion } from '../release.ts';
import { planSteps, type Step } from '../plan.ts';
import type { DoneEvent, EffectResults, StackFacts } from './effects.ts';
import { approvalRequest, emergencyNotice } from '../records/message.ts';
import { chooseGoal } from './goal.ts';
import {
  enter,
  enterStep,
  failureOf,
  finish,
  issue,
  note,
  QUICK,
  resultOf,
  toRecord,
  type Turn,
} from './turn.ts';
import { drift } from './weights.ts';
import type { Finding, State } from './types.ts';

export const start = (t: Turn): void => {
  const { request } = t.s;
  const what = request.rollback === undefined ? `of ${request.version}` : `back from ${request.version}`;
  note(t, `deployment ${request.deployment} ${what} by ${request.by}`, { by: request.by });
  enter(t, { name: 'preflight' });
  const timeoutMs = t.s.settings.runsChecks === true ? t.s.settings.timeouts.deploy : 5 * QUICK;
  if (request.rollback === undefined) issue(t, { kind: 'preflight', timeoutMs });
  else issue(t, { kind: 'survey', to: request.rollback.to, timeoutMs: 5 * QUICK });
};

const refuse = (t: Turn, findings: readonly Finding[]): void => {
  const reasons = findings.filter((f) => f.level === 'refuse');
  const hint = reasons.find((f) => f.hint !== undefined)?.hint;
  finish(t, {
    status: 'refused',
    why: reasons.map((f) => f.message).join('\n'),
    ...(hint === undefined ? {} : { hint }),
  });
};

export const takeFacts = (s: State, facts: StackFacts): void => {
  if (facts.release !== undefined) s.current = facts.release;
  if (facts.routing !== undefined) s.routing = facts.routing;
  if (facts.url !== undefined) s.url = facts.url;
};

export const onPreflight = (t: Turn, event: DoneEvent): void => {
  if (t.s.kind === 'rollback') return onSurvey(t, resultOf(event, 'survey'));
  const facts = resultOf(event, 'preflight');
  const findings = [...facts.findings, ...weightFindings(facts)];
  t.s.preflight = {
    findings,
    pendingMigrations: facts.pendingMigrations,
    destructive: facts.destructive,
    ...(facts.commit === undefined ? {} : { commit: facts.commit }),
    ...(facts.previous === undefined ? {} : { previous: facts.previous }),
  };
  if (findings.some((f) => f.level === 'refuse')) return refuse(t, findings);
  takeFacts(t.s, facts);
  if (facts.release !== undefined) t.s.before = facts.release;
  const live = facts.release === undefined ? undefined : liveSlot(facts.release);
  if (live !== undefined) t.s.stable = live;
  note(t, `checks passed (${findings.length} notes)`, { tookMs: event.tookMs });
  t.s.steps =
    t.s.settings.rollout === 'direct'
      ? [
          ...(t.s.settings.build ? [{ kind: 'build' as const, name: 'build' }] : []),
          { kind: 'direct' as const, name: 'direct' },
        ]
      : planSteps({
          current: facts.release,
          stages: t.s.settings.stages,
          database: t.s.settings.database,
          build: t.s.settings.build,
          strategy: t.s.settings.strategy,
        });
  askApproval(t);
};

const weightFindings = (facts: StackFacts): Finding[] =>
  drift(facts.live, facts.release).map((d) => ({
    check: 'weights',
    level: 'refuse',
    message: `live weights differ from release ${facts.release?.serial ?? 'none'}: ${d}`,
    hint: 'sluice reconcile',
  }));

const onSurvey = (t: Turn, facts: EffectResults['survey']): void => {
  const chosen = chooseGoal(t.s.request, t.s.settings, facts, t.now);
  const findings = [...facts.findings, ...chosen.findings];
  t.s.preflight = { findings, pendingMigrations: [], destructive: chosen.destructive };
  if (chosen.goal === undefined || findings.some((f) => f.level === 'refuse')) return refuse(t, findings);
  takeFacts(t.s, facts);
  if (facts.release !== undefined) t.s.before = facts.release;
  const live = facts.release === undefined ? undefined : liveSlot(facts.release);
  if (live !== undefined) t.s.stable = live;
  t.s.goal = chosen.goal;
  t.s.target = chosen.goal.slot;
  t.s.request = { ...t.s.request, version: chosen.goal.version };
  t.s.steps = chosen.goal.warm === undefined ? [cold(t.s.settings)] : [];
  const from = liveVersion(facts.release) ?? 'nothing';
  note(t, `goes back from ${from} to ${chosen.goal.version}`);
  if (t.s.request.rollback?.mode === 'emergency')
    issue(t, {
      kind: 'message',
      message: emergencyNotice(t.s, from, chosen.goal.version),
      timeoutMs: QUICK,
    });
  askApproval(t);
};

/** How a version that is not up any more comes back. */
const cold = ({ strategy }: State['settings']): Step =>
  strategy === 'rolling' ? { kind: 'replace', name: 'replace' } : { kind: 'up', name: 'up' };

const needsApproval = (s: State): boolean =>
  s.settings.approval.when !== 'none' && s.request.rollback?.mode !== 'emergency';

const askApproval = (t: Turn): void => {
  const { request, settings } = t.s;
  if (!needsApproval(t.s)) return askLease(t);
  if (request.approvedBy !== undefined) {
    const no = approvalRefusal(settings.approval, request.by, request.approvedBy, true);
    if (no !== undefined) return refuse(t, [{ check: 'approval', level: 'refuse', message: no }]);
    t.s.approval = { by: request.approvedBy, at: t.now };
    note(t, `approved by ${request.approvedBy}`, { by: request.approvedBy });
    return askLease(t);
  }
  const deadline = t.now + settings.approval.timeout;
  enter(t, { name: 'approval', deadline }, 'waits for approval');
  const risk = (t.s.preflight?.findings ?? []).filter((f) => f.check === 'risk').map((f) => f.message);
  const message = approvalRequest(t.s, liveVersion(t.s.before) ?? 'nothing', deadline, risk);
  issue(t, { kind: 'message', message, timeoutMs: QUICK });
  issue(t, { kind: 'wait', until: deadline });
};

export const onApproval = (t: Turn, event: DoneEvent): void => {
  resultOf(event, 'wait');
  t.s.failure = failureOf(t, 'timeout', 'nobody approved in time, which means no');
  toRecord(t, 'failed');
};

/** A person said yes. Reviewers may be limited by configuration; where GitHub has reviewed, it knows its own. */
export const approve = (t: Turn, by: string, review?: string): void => {
  const no = approvalRefusal(t.s.settings.approval, t.s.request.by, by, review !== undefined);
  if (no !== undefined) return note(t, `${no}: not counted`, { by });
  t.s.approval = { by, at: t.now };
  // The request may still be on its way to somebody else: whether it arrived belongs into the record.
  t.s.pending = t.s.pending.filter((p) => p.effect.kind === 'message');
  note(t, `approved by ${by}${review === undefined ? '' : ` (${review} on GitHub)`}`, { by });
  askLease(t);
};

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Why a person's yes does not count; undefined when it does. `reviewed`: membership was checked elsewhere. */
export const approvalRefusal = (
  approval: State['settings']['approval'],
  author: string,
  by: string,
  reviewed = false,
): string | undefined => {
  const { reviewers, preventSelfReview } = approval;
  if (preventSelfReview === true && same(author, by))
    return `${by} started the deployment and may not approve it`;
  if (reviewed || reviewers.length === 0 || reviewers.some((r) => same(r, by))) return undefined;
  return `${by} is not among the reviewers (${reviewers.join(', ')})`;
};

const askLease = (t: Turn): void => {
  enter(t, { name: 'lease' });
  const preempt = t.s.request.rollback?.mode === 'emergency';
  issue(t, { kind: 'acquire', preempt, timeoutMs: 5 * QUICK });
};

export const onLease = (t: Turn, event: DoneEvent): void => {
  if (event.of === 'facts') return onLeasedFacts(t, event.result);
  const result = resultOf(event, 'acquire');
  if (!result.granted)
    return refuse(t, [
      {
        check: 'lease',
        level: 'refuse',
        message:
          `deployment ${result.deployment} by ${result.holder} holds ${t.s.request.environment} ` +
          `since ${new Date(result.since).toISOString()}; nothing was changed`,
        hint: `wait for it (sluice status), or sluice abort ${result.deployment}`,
      },
    ]);
  t.s.lease = { token: result.token, serial: result.serial };
  note(t, 'holds the lease', { tookMs: event.tookMs });
  // An emergency has just looked, and what it takes the lease from may still be changing the stack: another look
  // costs a part of the second in which traffic is to be back, and is out of date as soon.
  if (emergencyNow(t)) return enterStep(t);
  issue(t, { kind: 'facts', timeoutMs: QUICK });
};

const JUST_NOW = 10_000;

const emergencyNow = ({ s, now }: Turn): boolean =>
  s.request.rollback?.mode === 'emergency' && now - s.startedAt < JUST_NOW;

/** What was checked must still hold now that nobody else may deploy. */
const onLeasedFacts = (t: Turn, facts: StackFacts): void => {
  const seen = t.s.before?.serial;
  const emergency = t.s.request.rollback?.mode === 'emergency';
  if (facts.release?.serial !== seen && !emergency) {
    t.s.failure = failureOf(
      t,
      'error',
      `the stack went from serial ${seen ?? 'none'} to ${facts.release?.serial ?? 'none'} since it was checked`,
      ['start the deployment again'],
    );
    return toRecord(t, 'failed');
  }
  takeFacts(t.s, facts);
  if (emergency && facts.release !== undefined) t.s.before = facts.release;
  enterStep(t);
};
