/**
 * A process that evaluates programs of several sizes in turn. Arguments: how many rounds, then the sizes.
 * Prints one JSON object (`Grown`) per evaluation. Needs `--expose-gc`, so that no size pays for another's waste.
 */
import { createEngine, fileStore } from '../../sandbox/engine/index.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agreeingCloud } from './cloud.ts';
import { STACK } from './azora.ts';
import { programFor } from './many.ts';

export type Kind = 'preview' | 'up';
export interface Grown {
  readonly kind: Kind;
  readonly services: number;
  readonly resources: number;
  readonly ms: number;
  readonly cpuMs: number;
  /** Resident memory of the process at the end, bytes. */
  readonly memory: number;
}

const evaluate = async (kind: Kind, services: number): Promise<Grown> => {
  globalThis.gc?.();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const engine = createEngine({
      project: 'sluice',
      stack: STACK,
      program: programFor(services),
      config: { 'aws:region': 'eu-west-1' },
      provider: agreeingCloud(),
      store: fileStore(directory),
      passphrase: 'of the bench',
      now: () => Date.now(),
    });
    const from = performance.now();
    const cpuFrom = process.cpuUsage();
    const { steps } = await engine[kind]();
    const ms = performance.now() - from;
    const { user, system } = process.cpuUsage(cpuFrom);
    const memory = process.memoryUsage.rss();
    return { kind, services, resources: steps.length, ms, cpuMs: (user + system) / 1_000, memory };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const [rounds = 1, ...sizes] = process.argv.slice(2).map(Number);
// What is compiled while it runs is compiled before anything counts.
for (let i = 0; i < 3; i += 1) for (const kind of ['preview', 'up'] as const) await evaluate(kind, 40);
for (let round = 0; round < rounds; round += 1)
  for (const kind of ['preview', 'up'] as const)
    for (const size of sizes) console.log(JSON.stringify(await evaluate(kind, size)));
