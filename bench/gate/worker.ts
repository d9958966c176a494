/** A worker thread: takes chunks of runs, gives back tallies. */

import { parentPort } from 'node:worker_threads';
import { PARTS } from './parts.ts';
import { forgetTables } from './random.ts';
import { simulate, type Tally } from './simulate.ts';

export interface Job {
  readonly id: number;
  readonly part: string;
  readonly workload: number;
  readonly seed: number;
  readonly chunk: number;
  readonly runs: number;
}

export interface Done {
  readonly id: number;
  readonly tallies: readonly Tally[];
}

let last = '';
parentPort?.on('message', (job: Job) => {
  const part = PARTS.find(({ name }) => name === job.part);
  const workload = part?.workloads[job.workload];
  if (part === undefined || workload === undefined)
    throw new Error(`no workload ${job.part} ${job.workload}`);
  if (workload.name !== last) forgetTables();
  last = workload.name;
  const done: Done = { id: job.id, tallies: simulate(workload, part.rules(), job.seed, job.chunk, job.runs) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage(done);
});
