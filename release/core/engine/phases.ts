import type { PhaseName, State } from './types.ts';

/** Phases that can be run by themselves, in their order: `sluice deploy --phase …`, one job each. */
export const JOB_PHASES = [
  'preflight',
  'approval',
  'backup',
  'migrate',
  'deploy',
  'rollout',
  'record',
] as const;
export type JobPhase = (typeof JOB_PHASES)[number];

const JOB_OF: Readonly<Record<PhaseName, JobPhase>> = {
  validate: 'preflight',
  preflight: 'preflight',
  approval: 'approval',
  lease: 'backup',
  backup: 'backup',
  build: 'migrate',
  migrate: 'migrate',
  deploy: 'deploy',
  probe: 'deploy',
  hold: 'rollout',
  stage: 'rollout',
  smoke: 'record',
  restore: 'record',
  record: 'record',
  // The way back is finished by whoever began it.
  revert: 'preflight',
  halted: 'preflight',
  done: 'preflight',
};

/** Whether a job that was to run up to `until` has done so. */
export const isPast = (state: State, until: JobPhase): boolean =>
  JOB_PHASES.indexOf(JOB_OF[state.phase.name]) > JOB_PHASES.indexOf(until);
