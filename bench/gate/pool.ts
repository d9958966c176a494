/** Shares chunks of runs out to worker threads. */

import { Worker } from 'node:worker_threads';
import { addTally, CHUNK, emptyTally, type Tally } from './simulate.ts';
import type { Part } from './parts.ts';
import type { Done, Job } from './worker.ts';

/** One workload of a part, to be run so many times. */
export interface Order {
  readonly part: Part;
  readonly workload: number;
  readonly seed: number;
  readonly runs: number;
}

export class Pool {
  private readonly workers: readonly Worker[];

  constructor(threads: number) {
    this.workers = Array.from({ length: threads }, () => new Worker(new URL('worker.ts', import.meta.url)));
  }

  /** Tallies per order, one per rule of its part. `finished` hears which order is complete, and how many are. */
  async run(
    orders: readonly Order[],
    finished: (order: number, tallies: readonly Tally[], done: number) => void = () => undefined,
  ): Promise<readonly (readonly Tally[])[]> {
    const jobs: Job[] = [];
    const orderOf: number[] = [];
    for (const [index, order] of orders.entries()) {
      for (let chunk = 0; chunk * CHUNK < order.runs; chunk += 1) {
        orderOf.push(index);
        jobs.push({
          id: jobs.length,
          part: order.part.name,
          workload: order.workload,
          seed: order.seed,
          chunk,
          runs: Math.min(CHUNK, order.runs - chunk * CHUNK),
        });
      }
    }
    const results = orders.map((order) => order.part.rules().map(() => emptyTally()));
    const left = orders.map((order) => Math.ceil(order.runs / CHUNK));
    let next = 0;
    let done = 0;
    const serve = (worker: Worker): Promise<void> =>
      new Promise((resolve, reject) => {
        const take = ({ id, tallies }: Done): void => {
          const index = orderOf[id] ?? -1;
          const result = results[index] ?? [];
          for (const [k, tally] of tallies.entries()) {
            const into = result[k];
            if (into !== undefined) addTally(into, tally);
          }
          left[index] = (left[index] ?? 0) - 1;
          if (left[index] === 0) finished(index, result, (done += 1));
          give();
        };
        const give = (): void => {
          const job = jobs[next];
          next += 1;
          if (job !== undefined) {
            // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
            worker.postMessage(job);
            return;
          }
          worker.off('message', take);
          worker.off('error', reject);
          resolve();
        };
        worker.on('message', take);
        worker.on('error', reject);
        give();
      });
    await Promise.all(this.workers.map(serve));
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
