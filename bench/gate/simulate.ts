/** Runs one workload some times under its rules and counts what happened. */

import { Random, hash } from './random.ts';
import type { Rule } from './rules/rule.ts';
import { Source, emptyTraffic } from './traffic.ts';
import { STEPS, type Workload } from './workloads.ts';

/** What one rule did in all runs of one workload. */
export interface Tally {
  runs: number;
  /** Rolled back within the hour. */
  failed: number;
  /** Not rolled back, but not promoted by time alone either. */
  undecided: number;
  /** How many runs were rolled back after 1, 2, … steps of ten seconds. */
  readonly after: number[];
  /** Bad requests that users got from the new version until it was rolled back, or in the whole hour; summed. */
  bad: number;
}

export const emptyTally = (): Tally => ({
  runs: 0,
  failed: 0,
  undecided: 0,
  after: Array.from({ length: STEPS }, () => 0),
  bad: 0,
});

export const addTally = (into: Tally, from: Tally): void => {
  into.runs += from.runs;
  into.failed += from.failed;
  into.undecided += from.undecided;
  into.bad += from.bad;
  for (let i = 0; i < STEPS; i += 1) into.after[i] = (into.after[i] ?? 0) + (from.after[i] ?? 0);
};

/** Runs per chunk: a chunk has its own random stream, so the result does not depend on how work is shared out. */
export const CHUNK = 500;

/** One chunk of runs. `chunk` numbers it within the workload. */
export const simulate = (
  workload: Workload,
  rules: readonly Rule[],
  seed: number,
  chunk: number,
  runs: number,
): readonly Tally[] => {
  const source = new Source(workload, new Random(seed, hash(workload.name), chunk));
  const traffic = emptyTraffic(workload);
  const tallies = rules.map(() => emptyTally());
  const served = new Float64Array(STEPS + 1);
  for (let run = 0; run < runs; run += 1) {
    source.draw(traffic);
    const bad = traffic.steps.freshBad;
    for (let i = 0; i < STEPS; i += 1) served[i + 1] = (served[i] ?? 0) + (bad[i] ?? 0);
    for (let k = 0; k < rules.length; k += 1) {
      const rule = rules[k];
      const tally = tallies[k];
      if (rule === undefined || tally === undefined) continue;
      const steps = rule.judge(traffic);
      tally.runs += 1;
      tally.bad += served[steps === 0 ? STEPS : steps] ?? 0;
      if (steps > 0) {
        tally.failed += 1;
        tally.after[steps - 1] = (tally.after[steps - 1] ?? 0) + 1;
      } else if (rule.undecided) tally.undecided += 1;
    }
  }
  return tallies;
};
