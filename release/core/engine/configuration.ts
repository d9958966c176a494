import type { Release, Slot } from '../../../config/release.types.ts';
import { applyStep, type Step } from '../plan.ts';
import { carryClosed, carryData, emptyRelease, slotFor } from '../release.ts';
import type { State } from './types.ts';

/** `rollout: direct`: backup, migration, the new slot and all traffic in one update; the old slot goes with it. */
export const directRelease = (s: State, target: Slot): Release => {
  const current = s.current ?? emptyRelease(s.request.deployment);
  const slot = slotFor(current, s.settings.strategy);
  const { deployment, version } = s.request;
  const { database } = s.settings;
  return {
    format: 1,
    serial: s.current === undefined ? 0 : current.serial + 1,
    replaces: s.current === undefined ? null : current.serial,
    deployment,
    slots: { [slot]: target },
    traffic: { blue: slot === 'blue' ? 100 : 0, green: slot === 'green' ? 100 : 0 },
    ...carryClosed(current),
    ...carryData(current, {
      ...(database?.backup.enabled ? { backup: deployment } : {}),
      ...(database === undefined ? {} : { schema: { deployment, version } }),
    }),
  };
};

/** The configuration of a step on top of the last completed release. */
export const releaseOf = (s: State, step: Step): Release =>
  applyStep(step, s.current, {
    deployment: s.request.deployment,
    target: s.target,
    version: s.request.version,
  });
