import type { App } from '../../../config/types.ts';
import { stepOf } from './turn.ts';
import type { PhaseName, State } from './types.ts';

/**
 * Phases that can be run by themselves, in their order: `sluice deploy --phase …`, one job each. `rollout` is all
 * stages; a stage's own name stands for the rollout up to the end of that stage.
 */
export const JOB_PHASES = [
  'preflight',
  'approval',
  'backup',
  'migrate',
  'deploy',
  'rollout',
  'smoke',
  'record',
] as const;
export type JobPhase = (typeof JOB_PHASES)[number];

/** Up to where one job takes a deployment. */
export type Until =
  | { readonly phase: JobPhase }
  /** Name of a stage as configuration has it. */
  | { readonly stage: string };

const JOB_OF: Readonly<Record<PhaseName, JobPhase>> = {
  validate: 'preflight',
  preflight: 'preflight',
  approval: 'approval',
  lease: 'backup',
  maintenance: 'backup',
  backup: 'backup',
  build: 'migrate',
  migrate: 'migrate',
  deploy: 'deploy',
  probe: 'deploy',
  hold: 'rollout',
  stage: 'rollout',
  smoke: 'smoke',
  restore: 'smoke',
  record: 'record',
  // The way back is finished by whoever began it.
  revert: 'preflight',
  halted: 'preflight',
  done: 'preflight',
};

/** Whether a job that was to run up to `until` has done so. */
export const isPast = (state: State, until: Until): boolean => {
  const at = JOB_PHASES.indexOf(JOB_OF[state.phase.name]);
  // What went wrong is written down by the job in which it did, not left to one that will not come.
  if (state.phase.name === 'record' && state.phase.status !== 'success') return false;
  if ('phase' in until) return at > JOB_PHASES.indexOf(until.phase);
  const rollout = JOB_PHASES.indexOf('rollout');
  if (at !== rollout) return at > rollout;
  return stageNow(state) > lastOf(state, until.stage);
};

/** Index in the settings of the stage that runs, or stands next; before the first: -1. */
const stageNow = (s: State): number => {
  const step = stepOf(s);
  return step?.kind === 'shift' ? s.settings.stages.findIndex((x) => x.name === step.stage.name) : -1;
};

/** A holdback splits the last stage in two; both belong to its name. */
const lastOf = (s: State, name: string): number =>
  s.settings.stages.findLastIndex((x) => x.name === name || x.name.startsWith(`${name} (`));

/** What `--phase` may say for an application: phases, and its stages by name. */
export const untilNames = (app: Pick<App, 'stages'>): readonly string[] => [
  ...JOB_PHASES,
  ...app.stages.map((s) => s.name),
];

/** Reads `--phase`; undefined when there is no phase and no stage of that name. A phase wins over a stage. */
export const readUntil = (name: string, app: Pick<App, 'stages'>): Until | undefined => {
  const phase = JOB_PHASES.find((p) => p === name);
  if (phase !== undefined) return { phase };
  return app.stages.some((s) => s.name === name) ? { stage: name } : undefined;
};
