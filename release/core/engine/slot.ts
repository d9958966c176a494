import type { Slot } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import { changedServices, liveSlot, slotNames } from '../release.ts';
import type { GateAbout } from '../gate/types.ts';
import { baselineWidth } from '../gate/window.ts';
import type { ProbeResult } from '../../ports/prober.ts';
import type { DoneEvent } from './effects.ts';
import { directRelease, releaseOf } from './configuration.ts';
import { takeUpdate } from './data.ts';
import {
  enter,
  enterStep,
  fail,
  failureOf,
  go,
  issue,
  note,
  QUICK,
  resultOf,
  stepOf,
  type Turn,
} from './turn.ts';
import type { State } from './types.ts';

/** The new slot: frozen, brought up without traffic, probed through its preview rule. */

/** Where the target slot is in the completed release. */
export const targetSlot = (s: State): SlotName | undefined => {
  const { current, target } = s;
  if (current === undefined || target === undefined) return undefined;
  return slotNames(current).find(
    (name) =>
      current.slots[name]?.deployment === target.deployment &&
      changedServices(current.slots[name], target).length === 0,
  );
};

export const enterDeploy = (t: Turn): void => {
  const inPlace = stepOf(t.s)?.kind === 'replace';
  enter(
    t,
    { name: 'deploy' },
    inPlace ? 'the slot is replaced in place, step by step' : 'the new slot comes up without traffic',
  );
  if (t.s.target === undefined) issue(t, { kind: 'freeze', timeoutMs: 5 * QUICK });
  else issueUp(t, t.s.target);
};

const issueUp = (t: Turn, target: Slot): void => {
  const step = stepOf(t.s);
  if (step === undefined) throw new Error('no step to deploy');
  t.s.target = target;
  t.s.changed = true;
  t.s.probed = false;
  issue(t, {
    kind: 'update',
    step: step.kind,
    name: step.name,
    release: step.kind === 'direct' ? directRelease(t.s, target) : releaseOf(t.s, step),
    base: t.s.current,
    weights: 'strict',
    timeoutMs: t.s.settings.timeouts.deploy,
  });
};

export const onDeploy = (t: Turn, event: DoneEvent): void => {
  if (event.of === 'freeze') return issueUp(t, event.result.slot);
  if (!takeUpdate(t, resultOf(event, 'update'))) return;
  note(t, `slot ${targetSlot(t.s) ?? '?'} is up with ${t.s.target?.version ?? '?'}`, {
    tookMs: event.tookMs,
  });
  const migrations = t.s.settings.database?.migrations.when;
  t.s.at += 1;
  // Migrations that belong between start and traffic come before the probes, those after the start behind them.
  if (stepOf(t.s)?.kind === 'migrate' && migrations === 'beforeTraffic') return enterStep(t);
  go(t, { to: 'probe' });
};

export const enterProbe = (t: Turn): void => {
  enter(t, { name: 'probe', tries: 0 }, 'probes the new slot');
  issueProbe(t, t.now + t.s.settings.health.startDelay);
};

const issueProbe = (t: Turn, at: number): void => {
  const slot = targetSlot(t.s);
  if (slot === undefined || t.s.target === undefined)
    return fail(t, failureOf(t, 'error', 'the completed release does not hold the new slot'));
  const live = t.s.current === undefined ? undefined : liveSlot(t.s.current);
  issue(t, {
    kind: 'probe',
    at,
    slot,
    frozen: t.s.target,
    // The way of users ends at the maintenance page while they are kept out.
    way: live === slot && t.s.current?.maintenance === undefined ? 'public' : 'preview',
    timeoutMs: t.s.settings.timeouts.health,
  });
};

/** Services whose ill health matters. */
export const criticalOf = (slot: Slot): Set<string> =>
  new Set(Object.entries(slot.services).flatMap(([name, s]) => (s.critical ? [name] : [])));

export const reasonsOf = (probes: readonly ProbeResult[], critical: ReadonlySet<string>): string[] =>
  probes
    .filter((p) => !p.healthy && critical.has(p.service))
    .map((p) => `${p.service}: ${p.reason ?? 'unhealthy'}`);

export const onProbe = (t: Turn, event: DoneEvent): void => {
  const { phase, target } = t.s;
  if (phase.name !== 'probe' || target === undefined) throw new Error('nothing is probed');
  if (event.of === 'baseline') return openGate(t, event);
  const result = resultOf(event, 'probe');
  t.s.lastProbes = [...result.probes];
  const critical = criticalOf(target);
  const missing = Object.entries(target.services)
    .filter(([name, s]) => s.critical && s.kind === 'web' && !result.probes.some((p) => p.service === name))
    .map(([name]) => `${name}: no answer`);
  const unsteady = result.unsteady
    .filter((s) => critical.has(s))
    .map((s) => `${s}: not all tasks are healthy`);
  const wrong = [...reasonsOf(result.probes, critical), ...missing, ...unsteady];
  if (wrong.length === 0) return passed(t, event.tookMs);
  phase.tries += 1;
  if (phase.tries >= Math.max(1, t.s.settings.health.retries))
    return fail(
      t,
      failureOf(
        t,
        'health',
        `the new slot did not become healthy in ${phase.tries} tries: ${wrong.join('; ')}`,
        wrong,
      ),
    );
  issueProbe(t, t.now + t.s.settings.health.interval);
};

const passed = (t: Turn, tookMs: number): void => {
  t.s.probed = true;
  note(t, 'every probe of the new slot is healthy', { tookMs });
  if (t.s.gate !== undefined || t.s.kind === 'rollback' || stepOf(t.s)?.kind !== 'shift') return enterStep(t);
  if (t.s.stable === undefined) return openGate(t, undefined);
  issue(t, { kind: 'baseline', widthMs: baselineWidth(t.s.settings.gate), timeoutMs: QUICK });
};

/** What the gate needs to choose its window and to name the versions. */
const aboutOf = (s: State): GateAbout => {
  const share = s.steps.find((x) => x.kind === 'shift')?.stage.traffic;
  const stable = s.stable === undefined ? undefined : s.before?.slots[s.stable]?.version;
  return {
    fresh: s.request.version,
    ...(share === undefined ? {} : { share }),
    ...(stable === undefined ? {} : { stable }),
  };
};

const openGate = (t: Turn, event: DoneEvent | undefined): void => {
  const result = event === undefined ? undefined : resultOf(event, 'baseline');
  const services = Object.entries(t.s.target?.services ?? {})
    .filter(([, s]) => s.kind === 'web')
    .map(([name]) => name);
  t.s.gate = t.gate.open(t.s.settings.gate, services, result?.baselines ?? {}, aboutOf(t.s));
  if (result?.problem !== undefined) note(t, `no baseline: ${result.problem}`);
  enterStep(t);
};
