/**
 * `npm run bench`: every number of the project's main job, measured in turn and shown as one table. About fifteen
 * minutes on two cores; the machine should have nothing else to do.
 *
 *     --only NAME   one bench, or several with commas: demo, traffic, rollback, program, growth, backup, drill,
 *                   engine
 *     --report      no measuring: shows the last results, and writes the table of README.md from them
 *
 * Keeps what it found in results/<bench>.json and writes the table of README.md. Ends with 0 when every claim is met,
 * 1 otherwise. The gate has a bench of its own: `node bench/gate/run.ts`.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '../lib/errors.ts';
import { machine } from './machine.ts';
import { readKept, showAll, writeKept, writeReadme, type Kept } from './report.ts';
import type { Bench, Findings } from './row.ts';

/** Loaded when it is their turn: what one bench imports must not weigh on another. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  program: async () => (await import('./program/program.ts')).program,
  growth: async () => (await import('./program/growth.ts')).growth,
  rollback: async () => (await import('./rollout/rollback.ts')).rollback,
  traffic: async () => (await import('./rollout/traffic.ts')).traffic,
  demo: async () => (await import('./rollout/demo.ts')).demo,
  hosts: async () => (await import('./rollout/hosts.ts')).hosts,
  engine: async () => (await import('./engine/engine.ts')).engine,
  backup: async () => (await import('./backup.ts')).backup,
  drill: async () => (await import('./drill.ts')).drill,
};

const { only, report } = parseArgs({
  options: { only: { type: 'string' }, report: { type: 'boolean', default: false } },
}).values;

const NAMES = Object.keys(BENCHES);
const chosen = only === undefined ? NAMES : only.split(',').map((name) => name.trim());
const unknown = chosen.filter((name) => !NAMES.includes(name));

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const measure = async (load: () => Promise<Bench>): Promise<Kept> => {
  const bench = await load();
  const before = machine();
  say(`${bench.name}: ${bench.title} (load ${before.load})`);
  // One that fails is told with the others, and keeps none of them from its turn.
  const { rows, numbers } = await bench
    .run((line) => say(`  ${line}`))
    .catch((error: unknown): Findings => {
      console.error(error);
      return {
        rows: [{ claim: bench.title, goal: '', measured: messageOf(error), met: false }],
        numbers: {},
      };
    });
  return { format: 1, bench: bench.name, title: bench.title, before, after: machine(), rows, numbers };
};

if (unknown.length > 0) {
  say(`--only ${only ?? ''}: there is no bench ${unknown.join(', ')} (allowed: ${NAMES.join(', ')})`);
  process.exitCode = 2;
} else {
  mkdirSync(new URL('results/', import.meta.url), { recursive: true });
  if (!report)
    for (const name of chosen) {
      const load = BENCHES[name];
      if (load !== undefined) writeKept(await measure(load));
    }
  const all = NAMES.flatMap((name) => readKept(name) ?? []);
  await writeReadme(all);
  const shown = all.filter(({ bench }) => chosen.includes(bench));
  process.stdout.write(`${showAll(shown)}\n`);
  if (shown.some(({ rows }) => rows.some(({ met }) => met === false))) process.exitCode = 1;
}
