import type { Release, Slot } from '../../../config/release.types.ts';
import type { App } from '../../../config/types.ts';
import { releaseOf } from '../engine/configuration.ts';
import { destination } from '../engine/revert.ts';
import { targetSlot } from '../engine/slot.ts';
import type { State } from '../engine/types.ts';
import type { Step } from '../plan.ts';
import { carryData, idleSlot } from '../release.ts';

/**
 * A whole release in one configuration, as its last step leaves it: what people want to see before it begins.
 * The old slot is still there, without traffic.
 */
export const wholeRelease = (
  current: Release | undefined,
  target: Slot,
  database: App['database'],
): Release => {
  const slot = idleSlot(current);
  const { deployment, version } = target;
  return {
    format: 1,
    serial: current === undefined ? 0 : current.serial + 1,
    replaces: current === undefined ? null : current.serial,
    deployment,
    slots: { ...current?.slots, [slot]: target },
    traffic: { blue: slot === 'blue' ? 100 : 0, green: slot === 'green' ? 100 : 0 },
    ...carryData(current, {
      ...(database?.backup.enabled ? { backup: deployment } : {}),
      ...(database === undefined ? {} : { schema: { deployment, version } }),
    }),
  };
};

export type Shift = Extract<Step, { kind: 'shift' }>;

export interface Ahead {
  /** The stage that comes next; undefined while the new slot is not up, and after the last stage. */
  readonly next: { readonly stage: Shift['stage']; readonly release: Release } | undefined;
  /** What the stack would be after a rollback; undefined while no service was touched. */
  readonly back: Release | undefined;
}

const nextShift = (s: State): Shift | undefined => {
  if (s.kind !== 'release' || ['smoke', 'restore', 'revert', 'record', 'done'].includes(s.phase.name))
    return undefined;
  // While its update runs, the stage itself is what comes next.
  const running = s.phase.name === 'stage' && s.phase.part === 'bake';
  const halted = s.phase.name === 'halted' && s.phase.from === 'stage';
  const from = s.at + (running || halted ? 1 : 0);
  return s.steps.slice(from).find((step): step is Shift => step.kind === 'shift');
};

/** What lies ahead of an open deployment, on top of the release that the stack completed last. */
export const aheadOf = (state: State, current: Release): Ahead => {
  const s: State = { ...state, current };
  const shift = targetSlot(s) === undefined ? undefined : nextShift(s);
  // A rollback to a slot that is not up brings that up first: there is nothing to preview of its end yet.
  const { goal } = s;
  const warm =
    goal === undefined || Object.values(current.slots).some((x) => x.deployment === goal.slot.deployment);
  return {
    next: shift === undefined ? undefined : { stage: shift.stage, release: releaseOf(s, shift) },
    back: s.changed && warm ? destination(s) : undefined,
  };
};
