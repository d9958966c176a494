/** This project's gate: the error test of `release/core/gate/errors.ts`, fed window by window as in a release. */

import {
  addWindow,
  eValue,
  isEnough,
  LANE_WEIGHTS,
  openErrorTest,
  passesFloor,
} from '../../../release/core/gate/errors.ts';
import { SEVERE } from '../../../release/core/gate/lanes.ts';
import type { Traffic } from '../traffic.ts';
import { STEPS_A_MINUTE, type Rule } from './rule.ts';

export interface OurSettings {
  readonly windowSeconds: 10 | 60;
  readonly r0: number;
  readonly alpha: number;
  readonly burstSeconds: number;
  /** Excess errors a minute below which nothing fails. */
  readonly atLeastPerMinute: number;
}

export const OUR_DEFAULTS: OurSettings = {
  windowSeconds: 10,
  r0: 1.5,
  alpha: 0.01,
  burstSeconds: 10,
  atLeastPerMinute: 1,
};

/** Evidence from which on a stage's time alone does not promote. */
export const UNDECIDED_FROM = 5;

/** Windows left out at the start: the first minute differs for good reasons. None where a window is a minute. */
export const warmUpWindows = (windowSeconds: number): number => (windowSeconds >= 60 ? 0 : 1);

const WITHOUT_COUNT = { ...LANE_WEIGHTS, count: 0 };

/**
 * Whether lane C can come to anything: it wins in windows only in which a tenth of the new version's requests fail, and a
 * single one is worth 20 at most, which is neither enough nor a doubt. Where not it is left out, which saves a third of the time.
 */
export const countMatters = (fresh: ArrayLike<number>, freshBad: ArrayLike<number>): boolean => {
  let severe = 0;
  for (let i = 0; i < fresh.length; i += 1) {
    const x = freshBad[i] ?? 0;
    if (x > 0 && x >= SEVERE * (fresh[i] ?? 0)) severe += 1;
    if (severe > 1) return true;
  }
  return false;
};

/** Without an error of the new version there is never more evidence than at the start. */
const isSpotless = (freshBad: ArrayLike<number>, from: number): boolean => {
  for (let i = from; i < freshBad.length; i += 1) if (freshBad[i] !== 0) return false;
  return true;
};

export const ours = (name: string, change: Partial<OurSettings> = {}): Rule => {
  const settings = { ...OUR_DEFAULTS, ...change };
  const byMinute = settings.windowSeconds === 60;
  const width = byMinute ? STEPS_A_MINUTE : 1;
  let undecided = false;
  const judge = (traffic: Traffic): number => {
    const { fresh, freshBad, stable, stableBad } = byMinute ? traffic.minutes : traffic.steps;
    const first = warmUpWindows(settings.windowSeconds);
    undecided = false;
    if (isSpotless(freshBad, first)) return 0;
    const state = openErrorTest({
      alpha: settings.alpha,
      r0: settings.r0,
      burstMs: settings.burstSeconds * 1000,
      windowMs: settings.windowSeconds * 1000,
      atLeastPerMinute: settings.atLeastPerMinute,
      reference: byMinute ? traffic.before.minutes : traffic.before.steps,
      weights: countMatters(fresh, freshBad) ? LANE_WEIGHTS : WITHOUT_COUNT,
    });
    // Evidence grows only with errors of the new version, or when lane S completes a long window with such: it is worked
    // out only then, or while it is enough.
    let enough = false;
    for (let i = first; i < fresh.length; i += 1) {
      const x = freshBad[i] ?? 0;
      addWindow(state, fresh[i] ?? 0, x, stable[i] ?? 0, stableBad[i] ?? 0);
      if (x === 0 && !enough && state.slow.windows > 0) continue;
      enough = isEnough(state);
      if (enough && passesFloor(state)) return (i + 1) * width;
    }
    undecided = eValue(state) >= UNDECIDED_FROM;
    return 0;
  };
  return {
    name,
    source: 'release/core/gate/errors.ts',
    judge,
    get undecided() {
      return undecided;
    },
  };
};
