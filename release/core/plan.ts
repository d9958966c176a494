import type { Release, Slot } from '../../config/release.types.ts';
import type { App, Stage } from '../../config/types.ts';
import {
  carryData,
  emptyRelease,
  equal,
  idleSlot,
  liveSlot,
  opened,
  other,
  slotFor,
  slotNames,
} from './release.ts';

type StepKind = 'close' | 'open' | 'backup' | 'build' | 'up' | 'replace' | 'back' | 'down';

/**
 * One step of a plan. All but `build` are one stack configuration, made from the one before by `applyStep`.
 * - close: users are sent to the maintenance page; the first share of traffic opens it again, in place `open` does
 * - backup: the deployment's backup is taken and verified
 * - build: images are built and pushed (no stack update)
 * - migrate: the version's migrations run; `besideBuild`: together with `build`
 * - up: the new slot comes up without traffic
 * - replace: the one slot that there is becomes the new version, in place and with the traffic it has
 * - shift: the new slot gets a share of the traffic for the length of the stage
 * - back: all traffic on the slot that was live before
 * - down: the slot without traffic is taken down
 */
export type Step =
  | { readonly kind: StepKind; readonly name: string }
  | { readonly kind: 'migrate'; readonly name: string; readonly besideBuild: boolean }
  | { readonly kind: 'shift'; readonly name: string; readonly stage: Stage };

export interface PlanInput {
  readonly current: Release | undefined;
  readonly stages: readonly Stage[];
  readonly database: App['database'];
  /** Whether images must still be built. */
  readonly build: boolean;
  /** Canary and blue-green differ in their stages only. Default: canary. */
  readonly strategy?: App['strategy'] | undefined;
}

const shift = (stage: Stage): Step => ({ kind: 'shift', name: stage.name, stage });

/** A release that nobody is served by yet goes straight to 100 % after its probes. */
const stagesFor = (current: Release | undefined, stages: readonly Stage[]): readonly Stage[] => {
  if (current !== undefined && liveSlot(current) !== undefined) return stages;
  const last = stages.at(-1);
  return [{ name: last?.name ?? 'full', traffic: 100, bake: last?.bake ?? 0 }];
};

/**
 * The steps that take a release from `current` to 100 % of the traffic. Taking the old slot down is not among
 * them: it stays warm for the rollback window.
 */
export const planSteps = (input: PlanInput): Step[] => {
  const { database, build } = input;
  const rolling = input.strategy === 'rolling';
  const steps: Step[] = [];
  const closes = closesFor(input);
  if (closes) steps.push({ kind: 'close', name: 'close' });
  if (database?.backup.enabled) steps.push({ kind: 'backup', name: 'backup' });
  const migrate = (besideBuild: boolean): Step => ({ kind: 'migrate', name: 'migrate', besideBuild });
  const buildStep: Step[] = build ? [{ kind: 'build', name: 'build' }] : [];
  const up: Step = rolling ? { kind: 'replace', name: 'replace' } : { kind: 'up', name: 'up' };
  switch (database?.migrations.when) {
    case undefined:
      steps.push(...buildStep, up);
      break;
    case 'besideBuild':
      steps.push(migrate(build), up);
      break;
    case 'beforeBuild':
      steps.push(migrate(false), ...buildStep, up);
      break;
    case 'beforeTraffic':
      // In place there is no moment between start and traffic: the data is ready first.
      steps.push(...buildStep, ...(rolling ? [migrate(false), up] : [up, migrate(false)]));
      break;
    case 'afterStart':
      steps.push(...buildStep, up, migrate(false));
      break;
  }
  if (rolling) return closes ? [...steps, { kind: 'open', name: 'open' }] : steps;
  return [...steps, ...stagesFor(input.current, input.stages).map(shift)];
};

/** Nobody is kept out of what nobody uses yet; what a person closed stays theirs. */
const closesFor = ({ database, current }: PlanInput): boolean =>
  database?.migrations.maintenance === true &&
  current !== undefined &&
  liveSlot(current) !== undefined &&
  current.maintenance === undefined;

export interface StepContext {
  readonly deployment: string;
  /** The new slot; undefined until images are known. Needed by `up` and by everything after it. */
  readonly target: Slot | undefined;
  readonly version: string;
}

const holdsTarget = (release: Release, target: Slot) =>
  slotNames(release).find((s) => equal(release.slots[s], target));

/** The configuration that a step applies on top of the completed release before it. */
export const applyStep = (step: Step, current: Release | undefined, context: StepContext): Release => {
  const base = current ?? emptyRelease(context.deployment);
  const next = (change: Partial<Release>): Release => ({
    ...base,
    serial: current === undefined ? 0 : current.serial + 1,
    replaces: current === undefined ? null : current.serial,
    deployment: context.deployment,
    ...change,
  });
  switch (step.kind) {
    case 'build':
      return base;
    case 'backup':
      return next({ backup: context.deployment });
    case 'close':
      return next({ maintenance: { by: 'release', deployment: context.deployment } });
    case 'open':
      return opened(next({}));
    case 'migrate':
      return next({ schema: { deployment: context.deployment, version: context.version } });
    case 'up': {
      if (context.target === undefined) throw new Error('the new slot is not known yet');
      return next({ slots: { ...base.slots, [idleSlot(base)]: context.target } });
    }
    case 'replace': {
      if (context.target === undefined) throw new Error('the new version is not known yet');
      const slot = slotFor(base, 'rolling');
      return next({ slots: { [slot]: context.target }, traffic: allOn(slot) });
    }
    case 'shift':
      return opened(next({ traffic: shiftTraffic(base, step.stage.traffic, context) }));
    case 'back': {
      // Before the new slot is up, the slot beside the live one is an older version, kept warm.
      const fresh = slotNames(base).find((s) => base.slots[s]?.deployment === context.deployment);
      const before = fresh === undefined ? undefined : other(fresh);
      const stable = before !== undefined && base.slots[before] !== undefined ? before : liveSlot(base);
      return opened(next({ traffic: stable === undefined ? { blue: 0, green: 0 } : allOn(stable) }));
    }
    case 'down': {
      const live = liveSlot(base);
      return next({ slots: live === undefined ? {} : { [live]: base.slots[live] } });
    }
  }
};

const allOn = (slot: 'blue' | 'green'): Release['traffic'] => ({
  blue: slot === 'blue' ? 100 : 0,
  green: slot === 'green' ? 100 : 0,
});

const shiftTraffic = (base: Release, share: number, context: StepContext): Release['traffic'] => {
  const fresh = context.target === undefined ? undefined : holdsTarget(base, context.target);
  if (fresh === undefined) throw new Error('the new slot is not up');
  const stable = base.slots[other(fresh)] === undefined ? 0 : 100 - share;
  const rest = share === 100 ? 0 : stable;
  return fresh === 'blue' ? { blue: 100 - rest, green: rest } : { blue: rest, green: 100 - rest };
};

/** The whole plan as the list of configurations, when the images are known: what `sluice plan` shows. */
export const plan = (
  target: Slot,
  current: Release | undefined,
  input: Omit<PlanInput, 'current'>,
): { step: Step; release: Release }[] => {
  let release = current;
  return planSteps({ ...input, current }).map((step) => {
    const context = { deployment: target.deployment, target, version: target.version };
    release = step.kind === 'build' ? release : applyStep(step, release, context);
    return { step, release: release ?? emptyRelease(target.deployment) };
  });
};

/**
 * Back to an earlier slot: traffic alone where that slot is still up, otherwise it is brought up again first.
 * `backup` and `schema` stay where they are.
 */
export const planRollback = (target: Slot, current: Release): Step[] => {
  const full: Step = { kind: 'shift', name: 'rollback', stage: { name: 'rollback', traffic: 100, bake: 0 } };
  return holdsTarget(current, target) === undefined ? [{ kind: 'up', name: 'up' }, full] : [full];
};

export { carryData };
