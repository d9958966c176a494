/** Results: one cell per workload and rule, as kept in `results/*.json`. */

import { exactInterval, quantile, type Interval } from './statistics.ts';
import type { Tally } from './simulate.ts';
import { STEP_SECONDS, type Group, type Workload } from './workloads.ts';

export interface Cell {
  readonly part: string;
  readonly group: Group;
  readonly kind: string;
  readonly rate: number;
  readonly errors: number;
  /** The configured share. */
  readonly share: number;
  readonly rule: string;
  readonly runs: number;
  readonly failed: number;
  readonly undecided: number;
  /** Seconds until half, and nine tenths, of the runs were rolled back; null: that many never were. */
  readonly median: number | null;
  readonly p90: number | null;
  /** Bad requests served by the new version a run. */
  readonly bad: number;
}

export interface Results {
  readonly format: 1;
  readonly seed: number;
  readonly runs: number;
  /** Runs of the cells that were looked at again with fresh numbers. */
  readonly again: number;
  readonly cells: readonly Cell[];
}

export const toCell = (part: string, workload: Workload, rule: string, tally: Tally): Cell => {
  const seconds = (q: number): number | null => {
    const steps = quantile(tally.after, tally.runs, q);
    return steps === undefined ? null : steps * STEP_SECONDS;
  };
  return {
    part,
    group: workload.group,
    kind: workload.kind,
    rate: workload.rate,
    errors: workload.errors,
    share: workload.configuredShare,
    rule,
    runs: tally.runs,
    failed: tally.failed,
    undecided: tally.undecided,
    median: seconds(0.5),
    p90: seconds(0.9),
    bad: Number((tally.bad / tally.runs).toPrecision(6)),
  };
};

export const failRate = (cell: Cell): number => cell.failed / cell.runs;
/** Exact 99 % interval of the chance of a rollback. */
export const failInterval = (cell: Cell): Interval => exactInterval(cell.failed, cell.runs);

/** The cell with the highest rate; undefined of none. */
export const worst = (cells: readonly Cell[]): Cell | undefined =>
  cells.reduce<Cell | undefined>(
    (most, cell) => (most === undefined || failRate(cell) > failRate(most) ? cell : most),
    undefined,
  );

/** Seconds as a number that sorts: never is infinitely late. */
export const medianOf = (cell: Cell): number => cell.median ?? Infinity;

/** Values of a workload's line, and of each rule in it. */
const WORKLOAD = [
  'part',
  'group',
  'kind',
  'rate',
  'errors',
  'share',
  'runs',
] as const satisfies readonly (keyof Cell)[];
const VERDICTS = ['failed', 'undecided', 'median', 'p90', 'bad'] as const satisfies readonly (keyof Cell)[];

/** One line a workload, with a list for each rule: small, and a changed result is a changed line. */
export const serialise = (results: Results): string => {
  const { cells, ...head } = results;
  const rules = [...new Set(cells.map(({ rule }) => rule))];
  const lines = Map.groupBy(cells, (cell) => JSON.stringify(WORKLOAD.map((column) => cell[column])));
  const rows = [...lines].map(([workload, own]) => {
    const verdicts = own.map((cell) => [rules.indexOf(cell.rule), ...VERDICTS.map((column) => cell[column])]);
    return `[${workload},${JSON.stringify(verdicts)}]`;
  });
  const about = { ...head, rules, workload: WORKLOAD, verdicts: ['rule', ...VERDICTS] };
  return `${JSON.stringify(about).slice(0, -1)},"rows":[\n${rows.join(',\n')}\n]}\n`;
};

interface Kept extends Omit<Results, 'cells'> {
  readonly rules: readonly string[];
  readonly workload: readonly string[];
  readonly verdicts: readonly string[];
  readonly rows: readonly (readonly [readonly unknown[], readonly (readonly unknown[])[]])[];
}

export const parse = (text: string): Results => {
  const { rules, workload, verdicts, rows, ...head } = JSON.parse(text) as Kept;
  const named = (names: readonly string[], values: readonly unknown[]): object =>
    Object.fromEntries(names.map((name, i) => [name, values[i]]));
  const cells = rows.flatMap(([about, own]) =>
    own.map((values) => {
      const verdict = named(verdicts, values) as { readonly rule: number };
      return { ...named(workload, about), ...verdict, rule: rules[verdict.rule] } as Cell;
    }),
  );
  return { ...head, cells };
};
