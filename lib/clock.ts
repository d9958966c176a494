import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Time comes from outside, so that a release of an hour can be tested in a second. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clocks of a machine, in ms. */
export interface Machine {
  /** The time of day: people and time servers set it, forward and back. */
  readonly wall: () => number;
  /** Time that the machine has run; it stands still while the machine sleeps. */
  readonly running: () => number;
  /** Time since the machine was started, sleep included; coarse. */
  readonly sinceStart: () => number;
}

/** `sinceStart` is coarse: less than this is no sleep. */
const SHORTEST_SLEEP_MS = 3_000;

/**
 * The time of day when it is first asked for, and from then on the time that has passed. So a clock that is set in the middle of a
 * release makes no stage longer or shorter and takes no lease away, while the sleep of a laptop counts.
 */
export const steadyTime = ({ wall, running, sinceStart }: Machine): (() => number) => {
  const first = { wall: wall(), running: running(), sinceStart: sinceStart() };
  return () => {
    const ran = running() - first.running;
    const slept = sinceStart() - first.sinceStart - ran;
    return Math.round(first.wall + ran + (slept < SHORTEST_SLEEP_MS ? 0 : slept));
  };
};

export const systemClock: Clock = {
  now: steadyTime({
    wall: () => Date.now(),
    running: () => performance.now(),
    sinceStart: () => uptime() * 1_000,
  }),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw error;
    }
  },
};
