import type { Release, Slot } from '../../../config/release.types.ts';
import { applyStep, type Step } from '../plan.ts';
import { emptyRelease, inOneUpdate } from '../release.ts';
import type { State } from './types.ts';

/** `rollout: direct`: backup, migration, the new slot and all traffic in one update; the old slot goes with it. */
export const directRelease = (s: State, target: Slot): Release => {
  const current = s.current ?? emptyRelease(s.request.deployment);
  const release = inOneUpdate(current, target, s.request.deployment, s.settings);
  return s.current === undefined ? { ...release, serial: 0, replaces: null } : release;
};

/** The configuration of a step on top of the last completed release. */
export const releaseOf = (s: State, step: Step): Release =>
  applyStep(step, s.current, {
    deployment: s.request.deployment,
    target: s.target,
    version: s.request.version,
  });
