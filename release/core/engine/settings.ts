import type { App, Stage } from '../../../config/types.ts';
import type { Settings } from './types.ts';

/**
 * With a holdback the last stage keeps the stable version beside the new one for its whole bake, then all traffic
 * follows at once: the last decision still has something to compare with.
 */
export const withHoldback = (stages: readonly Stage[], holdback: number | undefined): readonly Stage[] => {
  const last = stages.at(-1);
  if (holdback === undefined || holdback <= 0 || last === undefined || last.traffic < 100) return stages;
  return [
    ...stages.slice(0, -1),
    { ...last, traffic: 100 - holdback },
    { name: `${last.name} (all)`, traffic: 100, bake: 0 },
  ];
};

/** What a deployment is decided by, frozen when it begins: editing the configuration later does not change it. */
export const settingsOf = (app: App): Settings => ({
  rollout: app.rollout,
  url: app.url,
  team: app.team,
  health: app.health,
  gate: app.gate,
  approval: app.approval,
  timeouts: app.timeouts,
  rollback: app.rollback,
  strategy: app.strategy,
  stages: withHoldback(app.stages, app.gate.holdback),
  database: app.database,
  smoke: app.smoke,
  build: app.images.artifacts === 'build' && app.images.build !== undefined,
  watch: app.watch.for,
  ...(app.checks.mode === 'run' ? { runsChecks: true } : {}),
});
