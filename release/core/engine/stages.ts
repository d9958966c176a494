import type { GateContext, Verdict } from '../gate/types.ts';
import type { Step } from '../plan.ts';
import type { MetricQuery, MetricWindow } from '../../ports/metrics.ts';
import type { DoneEvent, EffectResults } from './effects.ts';
import { issueUpdate, takeUpdate } from './data.ts';
import { criticalOf, targetSlot } from './slot.ts';
import {
  endStep,
  enter,
  fail,
  failureOf,
  halt,
  issue,
  note,
  QUICK,
  resultOf,
  stopPending,
  type Turn,
} from './turn.ts';
import { drift } from './weights.ts';
import type { StageRun, State, Totals } from './types.ts';

type Shift = Extract<Step, { kind: 'shift' }>;

export const enterStage = (t: Turn, step: Shift): void => {
  if (!t.s.probed) throw new Error('no traffic for a slot that has not passed its probes');
  const { stage } = step;
  const last = t.s.stages.at(-1);
  // A stage that was entered before a halt goes on as the same one.
  if (last?.status !== 'running' || last.name !== stage.name) {
    t.s.stages.push({
      name: stage.name,
      wanted: stage.traffic,
      bake: stage.bake,
      startedAt: t.now,
      status: 'running',
      verdicts: [],
      totals: {},
    });
  }
  enter(
    t,
    { name: 'stage', index: t.s.stages.length - 1, part: 'update' },
    `${stage.name}: ${stage.traffic} %`,
  );
  issueUpdate(t, step, t.s.settings.timeouts.deploy);
};

const runOf = (s: State): StageRun => {
  const run = s.phase.name === 'stage' ? s.stages[s.phase.index] : undefined;
  if (run === undefined) throw new Error(`phase ${s.phase.name} is no stage`);
  return run;
};

export const contextOf = (s: State, now: number): GateContext => {
  const run = runOf(s);
  const left = s.steps.slice(s.at + 1).some((x) => x.kind === 'shift');
  const stable = s.stable;
  return {
    now,
    stage: {
      index: s.phase.name === 'stage' ? s.phase.index : 0,
      share: run.wanted,
      startedAt: run.bakeFrom ?? run.startedAt,
      bake: run.bake,
      last: !left,
      control: stable !== undefined && (s.current?.traffic[stable] ?? 0) > 0,
    },
  };
};

export const onStage = (t: Turn, event: DoneEvent): void => {
  if (event.of === 'update') return onShifted(t, event);
  onLook(t, resultOf(event, 'look'));
};

const onShifted = (t: Turn, event: Extract<DoneEvent, { of: 'update' }>): void => {
  const run = runOf(t.s);
  if (event.result.applied) {
    run.weights = event.result.live;
    run.serial = event.result.release.serial;
  }
  if (!takeUpdate(t, event.result)) return;
  run.bakeFrom = t.now;
  note(t, `${run.name}: weights read back, bake of ${run.bake / 1000} s begins`, { tookMs: event.tookMs });
  if (t.s.phase.name === 'stage') t.s.phase.part = 'bake';
  if (t.s.gate === undefined) throw new Error('the gate was not opened');
  t.s.gate = t.gate.enter(t.s.gate, contextOf(t.s, t.now));
  if (run.bake === 0 && t.s.paused === undefined) return endStage(t, run);
  look(t, run);
};

/** The next look: after the interval, and once exactly when the bake is over. */
const look = (t: Turn, run: StageRun): void => {
  const slot = targetSlot(t.s);
  if (slot === undefined || t.s.target === undefined) throw new Error('the new slot is not in the release');
  const end = (run.bakeFrom ?? t.now) + run.bake;
  const next = t.now + t.s.settings.health.interval;
  issue(t, {
    kind: 'look',
    at: end > t.now ? Math.min(next, end) : next,
    slot,
    frozen: t.s.target,
    query: queryOf(t, run),
    timeoutMs: QUICK,
  });
};

const queryOf = (t: Turn, run: StageRun): MetricQuery => {
  const { s, gate } = t;
  if (s.gate === undefined) throw new Error('the gate was not opened');
  const fresh = targetSlot(s);
  const thresholds = gate.thresholds(s.gate);
  const services: Record<string, MetricQuery['services'][string]> = {};
  for (const [name, service] of Object.entries(s.target?.services ?? {})) {
    const groups = s.routing?.services[name]?.targetGroups;
    const group = fresh === undefined ? undefined : groups?.[fresh];
    if (service.kind !== 'web' || group === undefined) continue;
    services[name] = {
      fresh: group,
      stable: s.stable === undefined ? undefined : groups?.[s.stable],
      slowerThanMs: thresholds[name],
    };
  }
  return { services, since: gate.cursor(s.gate) || (run.bakeFrom ?? t.now), widthMs: gate.width(s.gate) };
};

const onLook = (t: Turn, seen: EffectResults['look']): void => {
  const run = runOf(t.s);
  const { s, gate } = t;
  if (s.gate === undefined || s.target === undefined) throw new Error('the gate was not opened');
  const moved = seen.live === undefined ? [] : drift(seen.live, s.current);
  if (moved.length > 0) return halt(t, `traffic was moved behind the stack's back: ${moved.join('; ')}`);
  if (seen.problem !== undefined) note(t, seen.problem);
  s.lastProbes = [...seen.probes];
  for (const totals of [s.totals, run.totals]) addWindows(totals, seen.windows);
  const critical = criticalOf(s.target);
  const probes = seen.probes.filter((p) => critical.has(p.service));
  const windows = withoutShifts(seen.windows, s.stages);
  s.gate = gate.observe(gate.probed(s.gate, probes, s.settings.health.failures), windows);
  const verdict = gate.judge(s.gate, contextOf(s, t.now));
  keepVerdict(t, run, verdict);
  switch (verdict.verdict) {
    case 'fail':
      return fail(
        t,
        failureOf(t, verdict.by === 'health' ? 'health' : 'gate', verdict.why, [`decided by ${verdict.by}`]),
      );
    case 'pass':
      if (s.paused === undefined) return endStage(t, run);
      return look(t, run);
    case 'hold':
      return look(t, run);
  }
};

/** Verdicts are kept when they change, and the newest of each kind with its numbers. */
const keepVerdict = (t: Turn, run: StageRun, verdict: Verdict): void => {
  if (t.s.phase.name === 'stage') t.s.phase.verdict = verdict;
  const last = run.verdicts.at(-1);
  const same = last?.verdict.verdict === verdict.verdict && last.verdict.by === verdict.by;
  if (same) run.verdicts.pop();
  run.verdicts.push({ at: same ? last.at : t.now, verdict });
};

/**
 * While an update runs, nobody knows when the share changed: what was counted then belongs to no share. Such a
 * window stays, so that it is not missing, and says nothing.
 */
export const withoutShifts = (
  windows: readonly MetricWindow[],
  stages: readonly Pick<StageRun, 'startedAt' | 'bakeFrom'>[],
): readonly MetricWindow[] => {
  const none = { requests: 0, errors: 0, slow: 0 };
  return windows.map((w) =>
    stages.some((s) => w.from < (s.bakeFrom ?? Infinity) && w.to > s.startedAt)
      ? { ...w, fresh: none, stable: none }
      : w,
  );
};

/** Counts for people; the gate keeps its own. A window that was added already is left out. */
export const addWindows = (totals: Record<string, Totals>, windows: readonly MetricWindow[]): void => {
  for (const w of windows) {
    const sum = (totals[w.service] ??= {
      fresh: { requests: 0, errors: 0, slow: 0 },
      stable: { requests: 0, errors: 0, slow: 0 },
      last: -1,
    });
    if (w.from <= sum.last) continue;
    sum.last = w.from;
    for (const side of ['fresh', 'stable'] as const) {
      sum[side].requests += w[side].requests;
      sum[side].errors += w[side].errors;
      sum[side].slow += w[side].slow;
      if (w[side].p50 !== undefined) sum[side].p50 = w[side].p50;
      if (w[side].p95 !== undefined) sum[side].p95 = w[side].p95;
    }
  }
};

const endStage = (t: Turn, run: StageRun, by?: string): void => {
  run.endedAt = t.now;
  run.status = 'healthy';
  if (by !== undefined) run.promotedBy = by;
  note(
    t,
    `${run.name}: ${by === undefined ? 'passed' : `promoted by ${by}`}`,
    by === undefined ? {} : { by },
  );
  endStep(t);
};

/** A person ends the bake; what the gate saw as failing cannot be promoted, for it has been rolled back already. */
export const promoteStage = (t: Turn, by: string): void => {
  if (t.s.phase.name !== 'stage' || t.s.phase.part !== 'bake')
    return note(t, `nothing to promote in phase ${t.s.phase.name}`, { by });
  stopPending(t);
  endStage(t, runOf(t.s), by);
};
