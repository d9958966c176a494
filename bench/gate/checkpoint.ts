/**
 * Keeps what a long run has finished, so that it can be stopped at any time and continued: one line a workload, with its cells.
 * The first line says which seed and which sources made them; other ones start anew.
 */

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Cell } from './cells.ts';

/** What decides the numbers: the traffic, the rules, and the gate's own test. */
const SOURCES = [
  'latency.ts',
  'parts.ts',
  'random.ts',
  'simulate.ts',
  'traffic.ts',
  'workloads.ts',
  ...['argo', 'alarm', 'flagger', 'kayenta', 'last-stage', 'mann-whitney', 'naive', 'ours'].map(
    (rule) => `rules/${rule}.ts`,
  ),
  ...['errors', 'holdback', 'lanes'].map((file) => `../../release/core/gate/${file}.ts`),
];

const sources = (): string => {
  const hash = createHash('sha256');
  for (const file of SOURCES) hash.update(readFileSync(new URL(file, import.meta.url)));
  return hash.digest('hex').slice(0, 16);
};

export class Checkpoint {
  private readonly file: URL;
  private readonly known = new Map<string, readonly Cell[]>();

  /** Opens the file, or starts it anew where it is of another seed or of other sources. */
  constructor(file: URL, seed: number) {
    this.file = file;
    const head = JSON.stringify({ format: 1, seed, sources: sources() });
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    if (lines[0] !== head) {
      writeFileSync(file, `${head}\n`);
      return;
    }
    // The last line may have been cut off by the end of the process: what follows the last line break does not count.
    const whole = lines.slice(1, -1);
    for (const line of whole) {
      const [key, cells] = JSON.parse(line) as [string, readonly Cell[]];
      this.known.set(key, cells);
    }
    if (lines.at(-1) !== '') writeFileSync(file, `${[head, ...whole].join('\n')}\n`);
  }

  get(key: string): readonly Cell[] | undefined {
    return this.known.get(key);
  }

  put(key: string, cells: readonly Cell[]): void {
    this.known.set(key, cells);
    appendFileSync(this.file, `${JSON.stringify([key, cells])}\n`);
  }
}
