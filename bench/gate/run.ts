/**
 * `node bench/gate/run.ts`: the whole table with fewer runs and their exact intervals, in at most ten minutes on two cores.
 *
 *     --full          20,000 runs each; keeps the result in results/full.json, README.md and plots/. Can be stopped and
 *                     started again at any time: it goes on from results/progress.jsonl
 *     --only NAME     one part (see parts.ts), or all whose name begins so
 *     --runs N        another number of runs
 *     --seed N        other random numbers
 *     --threads N     worker threads, 2 unless told
 *     --report        no runs: writes README.md and plots/ again from results/full.json
 *
 * Ends with 0 when every claim is kept, 1 otherwise.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse, serialise, toCell, type Cell, type Results } from './cells.ts';
import { Checkpoint } from './checkpoint.ts';
import { claims, type Claim } from './claims.ts';
import { lookClaim } from './look.ts';
import { PARTS, type Part } from './parts.ts';
import { Pool, type Order } from './pool.ts';
import { probesClaim } from './probes.ts';
import { writeReport } from './report.ts';
import type { Tally } from './simulate.ts';
import { summary } from './summary.ts';

const QUICK = 3_000;
const FULL = 20_000;
/** Of `Part.light`. */
const LIGHTER = 4;
/** Cells too close to a claim's limit are run again, this often, on fresh numbers; the first runs then do not count. */
const AGAIN = 60_000;
/** More than so many are a sign of too few runs in all. */
const MOST_AGAIN = 30;
const SEED = 20_251_121;

const here = (path: string): URL => new URL(path, import.meta.url);

/** What a `--full` run has finished so far; it goes on from there. */
const PROGRESS = here('results/progress.jsonl');

const options = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    runs: { type: 'string' },
    seed: { type: 'string', default: String(SEED) },
    threads: { type: 'string', default: '2' },
  },
}).values;

const wholeNumber = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} ${text}: a whole number above 0 is needed`);
};

const say = (text: string): void => {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : '');
};

/** What runs are made with. */
interface Means {
  readonly pool: Pool;
  readonly checkpoint: Checkpoint | undefined;
}

const cellsOf = ({ part, workload: index }: Order, tallies: readonly Tally[]): readonly Cell[] =>
  part.rules().flatMap((rule, k) => {
    const workload = part.workloads[index];
    const tally = tallies[k];
    return workload === undefined || tally === undefined
      ? []
      : [toCell(part.name, workload, rule.name, tally)];
  });

const keyOf = ({ part, workload, seed, runs }: Order): string =>
  `${part.name} | ${part.workloads[workload]?.name} | ${seed} | ${runs}`;

/** Runs what the checkpoint does not know yet. */
const runAll = async ({ pool, checkpoint }: Means, orders: readonly Order[]): Promise<readonly Cell[]> => {
  const found = new Map<Order, readonly Cell[]>();
  for (const order of orders) {
    const cells = checkpoint?.get(keyOf(order));
    if (cells !== undefined) found.set(order, cells);
  }
  const known = found.size;
  const todo = orders.filter((order) => !found.has(order));
  await pool.run(todo, (index, tallies, done) => {
    const order = todo[index];
    if (order === undefined) return;
    const cells = cellsOf(order, tallies);
    found.set(order, cells);
    checkpoint?.put(keyOf(order), cells);
    say(`${Math.floor((100 * (known + done)) / orders.length)} % of ${orders.length} workloads`);
  });
  say('');
  return orders.flatMap((order) => found.get(order) ?? []);
};

const isSame = (a: Cell, b: Cell): boolean =>
  a.part === b.part &&
  a.kind === b.kind &&
  a.rate === b.rate &&
  a.errors === b.errors &&
  a.share === b.share &&
  a.rule === b.rule;

/** Runs again what is too close to call, and puts the new cells in the place of the old ones. */
const settle = async (
  means: Means,
  parts: readonly Part[],
  cells: readonly Cell[],
  seed: number,
  runs: number,
): Promise<readonly Cell[]> => {
  const close = claims(cells).flatMap(({ again }) => again);
  const orders = parts.flatMap((part) =>
    part.workloads.flatMap((workload, index): readonly Order[] =>
      close.some(
        (cell) =>
          cell.part === part.name &&
          cell.kind === workload.kind &&
          cell.rate === workload.rate &&
          cell.errors === workload.errors,
      )
        ? [{ part, workload: index, seed: seed + 1, runs }]
        : [],
    ),
  );
  if (orders.length === 0) return cells;
  if (orders.length > MOST_AGAIN) {
    process.stdout.write(`${orders.length} workloads are too close to call: more runs are needed\n`);
    return cells;
  }
  process.stdout.write(`${orders.length} workloads are too close to call: ${runs} fresh runs each\n`);
  const fresh = await runAll(means, orders);
  return cells.map((cell) => fresh.find((other) => isSame(cell, other)) ?? cell);
};

const simulate = async (): Promise<Results> => {
  mkdirSync(here('results/'), { recursive: true });
  const seed = wholeNumber('seed', options.seed);
  const runs = options.runs === undefined ? (options.full ? FULL : QUICK) : wholeNumber('runs', options.runs);
  const parts = PARTS.filter(({ name }) => name.startsWith(options.only));
  if (parts.length === 0) {
    throw new Error(`--only ${options.only}: known parts are ${PARTS.map(({ name }) => name).join(', ')}`);
  }
  const pool = new Pool(wholeNumber('threads', options.threads));
  const means: Means = { pool, checkpoint: options.full ? new Checkpoint(PROGRESS, seed) : undefined };
  try {
    const orders = parts.flatMap((part) =>
      part.workloads.map((_, workload) => ({
        part,
        workload,
        seed,
        runs: part.light === true ? Math.ceil(runs / LIGHTER) : runs,
      })),
    );
    const first = await runAll(means, orders);
    const cells = await settle(means, parts, first, seed, AGAIN);
    return { format: 1, seed, runs, again: AGAIN, cells };
  } finally {
    await pool.close();
  }
};

const line = ({ state, name, detail }: Claim): string =>
  `${state.padEnd(8)}  ${name}${detail === '' ? '' : `\n          ${detail}`}\n`;

const main = async (): Promise<void> => {
  const began = performance.now();
  const full = here('results/full.json');
  const results = options.report ? parse(readFileSync(full, 'utf8')) : await simulate();
  const whole = options.full && options.only === '';
  if (!options.report) writeFileSync(whole ? full : here('results/quick.json'), serialise(results));
  const found = [...claims(results.cells), probesClaim(), lookClaim()];
  if (whole || options.report) await writeReport(results, found);
  if (whole) rmSync(PROGRESS, { force: true });
  process.stdout.write(`${summary(results)}\n${found.map(line).join('')}`);
  const took = ((performance.now() - began) / 1000).toFixed(0);
  process.stdout.write(`\nseed ${results.seed}, ${results.runs} runs each, ${took} s\n`);
  if (found.some(({ state }) => state === 'broken' || state === 'doubtful')) process.exitCode = 1;
};

await main();
