import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Where and when something was measured. */
export interface Machine {
  readonly at: string;
  readonly node: string;
  readonly platform: string;
  /** Cores that this process may use. */
  readonly cores: number;
  readonly processor: string;
  /** GiB. */
  readonly memory: number;
  /** Processes that wanted a core in the last minute, on average: above `cores`, times are too long. */
  readonly load: number;
}

export const machine = (): Machine => ({
  at: new Date().toISOString(),
  node: process.versions.node,
  platform: `${process.platform}-${process.arch}`,
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memory: Math.round(totalmem() / 2 ** 30),
  load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
});
