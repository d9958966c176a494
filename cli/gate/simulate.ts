import { poisson, someOf, type Random } from '../../lib/random.ts';
import { addWindow, fails, openErrorTest, passWindows } from '../../release/core/gate/errors.ts';

/** A release as the gate sees it, for simulation. Times in ms, shares in percent, rates from 0 to 1. */
export interface Course {
  readonly rps: number;
  readonly stages: readonly { readonly share: number; readonly bake: number }[];
  readonly window: number;
  readonly burst: number;
  readonly warmup: number;
  /** For one metric: already divided by the number of metrics. */
  readonly alpha: number;
  readonly r0: number;
  readonly atLeastPerMinute: number;
  /** Errors that count as one, from the stable version's past. */
  readonly cluster: number;
  /** From the end of a window until the gate is asked with it. */
  readonly delay: number;
}

export interface Rates {
  readonly fresh: number;
  readonly stable: number;
}

/**
 * Time from the start of the first stage to the failing verdict; undefined: not in these stages.
 * Errors come one by one, and the release starts anywhere inside a window.
 */
export const timeToFail = (course: Course, rates: Rates, random: Random): number | undefined => {
  const state = openErrorTest({
    alpha: course.alpha,
    r0: course.r0,
    burstMs: course.burst,
    windowMs: course.window,
    atLeastPerMinute: course.atLeastPerMinute,
    cluster: course.cluster,
  });
  const phase = random();
  const first = Math.max(phase > 0 ? 1 : 0, Math.round(phase) + course.warmup);
  let begin = 0;
  let stage = 0;
  for (let k = first; ; k += 1) {
    const from = (k - phase) * course.window;
    const to = from + course.window;
    let now = course.stages[stage];
    while (now !== undefined && from >= begin + now.bake) {
      begin += now.bake;
      stage += 1;
      now = course.stages[stage];
    }
    if (now === undefined) return undefined;
    if (to > begin + now.bake) {
      passWindows(state, 1);
      continue;
    }
    const mean = (course.rps * course.window) / 1000;
    const fresh = poisson(random, (mean * now.share) / 100);
    const stable = poisson(random, mean * (1 - now.share / 100));
    addWindow(state, fresh, someOf(random, fresh, rates.fresh), stable, someOf(random, stable, rates.stable));
    if (fails(state)) return to + course.delay;
  }
};

export interface Times {
  readonly runs: number;
  /** Sorted; one entry for each release that was sent back. */
  readonly failed: readonly number[];
}

export const manyTimes = (course: Course, rates: Rates, runs: number, random: Random): Times => {
  const failed: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const time = timeToFail(course, rates, random);
    if (time !== undefined) failed.push(time);
  }
  return { runs, failed: failed.sort((a, b) => a - b) };
};

/** Time within which the given part of all releases was sent back; undefined: fewer were. */
export const within = (times: Times, part: number): number | undefined =>
  times.failed[Math.max(0, Math.ceil(times.runs * part) - 1)];
