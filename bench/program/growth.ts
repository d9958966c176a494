import { runScript } from '../child.ts';
import { median, smallest } from '../numbers.ts';
import type { Bench, Findings, Row } from '../row.ts';
import type { Grown, Kind } from './grow.ts';

const SIZES = [40, 400, 1_000] as const;
const ROUNDS = 7;
const LIMIT = 1.1;

/** Time per added service, in ms: between the sizes, from the times of each. */
export const perAdded = (
  times: ReadonlyMap<number, number>,
): { early: number; late: number; ratio: number } => {
  const at = (size: number): number => {
    const time = times.get(size);
    if (time === undefined) throw new Error(`${size} services were not measured`);
    return time;
  };
  const [small, middle, large] = SIZES;
  const early = (at(middle) - at(small)) / (middle - small);
  const late = (at(large) - at(middle)) / (large - middle);
  return { early, late, ratio: late / early };
};

const timesOf = (
  runs: readonly Grown[],
  key: 'ms' | 'cpuMs',
  pick: (values: readonly number[]) => number,
): Map<number, number> =>
  new Map(
    SIZES.map((size) => [size, pick(runs.filter((run) => run.services === size).map((run) => run[key]))]),
  );

const WHAT: Readonly<Record<Kind, string>> = { preview: 'previewed', up: 'brought up' };

/** Other work on the machine only ever adds time: the fastest of the rounds is closest to the program's own. */
const row = (kind: Kind, all: readonly Grown[]): Row => {
  const runs = all.filter((run) => run.kind === kind);
  const best = perAdded(timesOf(runs, 'ms', smallest));
  const middle = perAdded(timesOf(runs, 'ms', median));
  const cpu = perAdded(timesOf(runs, 'cpuMs', median));
  return {
    claim: `${WHAT[kind]}: time per added service from 400 to 1,000, against 40 to 400`,
    goal: 'at most 1.1 ×',
    measured:
      `${best.ratio.toFixed(2)} × (${best.late.toFixed(1)} against ${best.early.toFixed(1)} ms, fastest of ` +
      `${ROUNDS}; medians ${middle.ratio.toFixed(2)} ×, processor time ${cpu.ratio.toFixed(2)} ×)`,
    met: best.ratio <= LIMIT,
  };
};

export const growthFindings = (runs: readonly Grown[]): Findings => ({
  rows: [row('preview', runs), row('up', runs)],
  numbers: { runs },
});

export const growth: Bench = {
  name: 'growth',
  title: 'the program with 40, 400 and 1,000 services, in one process',
  run: async (say) => {
    say(`${ROUNDS} rounds of ${SIZES.join(', ')} services, some minutes`);
    const runs = await runScript(new URL('grow.ts', import.meta.url), {
      flags: ['--expose-gc'],
      args: [ROUNDS, ...SIZES].map(String),
    });
    return growthFindings(runs as Grown[]);
  },
};
