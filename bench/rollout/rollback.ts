import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import { largest, median, milliseconds, spread } from '../numbers.ts';
import type { Bench, Findings } from '../row.ts';
import { play } from './play.ts';

const RUNS = 5;
const LIMIT_MS = 1_000;
/** As in the demo: enough for the stable version to be known. */
const RATE = 300;
const BAKES = ['10 seconds', '5 seconds', '5 seconds'] as const;

export type Rollback = Pick<DeploymentRecord, 'status'> &
  Pick<NonNullable<DeploymentRecord['rollback']>, 'mode'> & {
    /** From the verdict to weights restored and read back, ms; undefined where the record has no such time. */
    readonly restoredMs: number | undefined;
    /** Until the stack update that records it was through, ms. */
    readonly recordedMs: number | undefined;
    readonly verified: boolean | undefined;
  };

/** What a record says about its rollback. */
export const rollbackOf = (record: DeploymentRecord): Rollback => ({
  status: record.status,
  mode: record.rollback?.mode ?? 'none',
  restoredMs: record.rollback?.weights_restored_ms,
  recordedMs: record.rollback?.recorded_ms,
  verified: record.rollback?.verified,
});

const rollBack = (): Promise<Rollback> =>
  play({ scenario: 'errors', rate: RATE, bakes: BAKES }, ({ outcome }, directory) => {
    const { environment, deployment } = outcome.state.request;
    const file = join(directory, 'records', environment, `${deployment}.json`);
    return Promise.resolve(rollbackOf(JSON.parse(readFileSync(file, 'utf8')) as DeploymentRecord));
  });

export const rollbackFindings = (runs: readonly Rollback[]): Findings => {
  const times = runs.map(({ restoredMs }) => restoredMs ?? Number.POSITIVE_INFINITY);
  const recorded = runs.map(({ recordedMs }) => recordedMs ?? Number.POSITIVE_INFINITY);
  const well = runs.every(({ status, verified }) => status === 'rolled_back' && verified === true);
  return {
    rows: [
      {
        claim: 'from the failing verdict to weights restored and read back',
        goal: 'at most 1 s',
        measured:
          `${spread(times, milliseconds)}; with the stack update that records it ${milliseconds(median(recorded))}` +
          (well ? '' : '; not each rolled back and verified'),
        met: well && largest(times) <= LIMIT_MS,
      },
    ],
    numbers: { runs },
  };
};

export const rollback: Bench = {
  name: 'rollback',
  title: 'version 2 answers 5xx: back to version 1',
  run: async (say) => {
    const runs: Rollback[] = [];
    for (let run = 1; run <= RUNS; run += 1) {
      const made = await rollBack();
      runs.push(made);
      say(`run ${run} of ${RUNS}: ${made.status}, ${made.restoredMs ?? '?'} ms`);
    }
    return rollbackFindings(runs);
  },
};
