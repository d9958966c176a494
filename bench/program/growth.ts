import { runScript } from '../child.ts';
import { median, spread } from '../numbers.ts';
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

const WHAT: Readonly<Record<Kind, string>> = { preview: 'previewed', up: 'brought up' };

/**
 * Each round's own: its sizes ran one after the other, on the machine as it was then. The fastest run of each size would be
 * taken from different rounds, and one lucky run of the middle size decides such a ratio.
 */
const rounds = (runs: readonly Grown[], key: 'ms' | 'cpuMs'): ReturnType<typeof perAdded>[] => {
  const of = (size: number): Grown[] => runs.filter((run) => run.services === size);
  return of(SIZES[0]).map((_, round) =>
    perAdded(
      new Map(
        SIZES.flatMap((size) => {
          const run = of(size)[round];
          return run === undefined ? [] : [[size, run[key]] as const];
        }),
      ),
    ),
  );
};

const row = (kind: Kind, all: readonly Grown[]): Row => {
  const runs = all.filter((run) => run.kind === kind);
  const wall = rounds(runs, 'ms');
  const ratios = wall.map((r) => r.ratio);
  const cpu = median(rounds(runs, 'cpuMs').map((r) => r.ratio));
  const ms = (key: 'early' | 'late'): string => median(wall.map((r) => r[key])).toFixed(1);
  return {
    claim: `${WHAT[kind]}: time per added service from 400 to 1,000, against 40 to 400`,
    goal: 'at most 1.1 ×',
    measured:
      `${spread(ratios, (r) => `${r.toFixed(2)} ×`).replace('runs', 'rounds')}; ${ms('late')} against ${ms('early')} ms; ` +
      `processor time ${cpu.toFixed(2)} ×`,
    met: median(ratios) <= LIMIT,
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
