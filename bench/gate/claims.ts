/** The promises that the bench holds; the exit code is theirs. */

import type { Cell } from './cells.ts';
import { compare, describe } from './compare.ts';
import { GATE, GATE_60, GATE_60_NARROW, GATE_LAST, GATE_NARROW, HALF, RIVALS, SMALL } from './parts.ts';
import { exactInterval } from './statistics.ts';
import { percent, profileName } from './workloads.ts';

export interface Claim {
  readonly name: string;
  /** `doubtful`: too few runs to say. */
  readonly state: 'kept' | 'broken' | 'doubtful' | 'not run';
  readonly detail: string;
  /** Cells that decide it and need more runs. */
  readonly again: readonly Cell[];
}

export const BOUND = 0.01;
const OUTAGE_BOUND = 0.002;
const INCONCLUSIVE_BOUND = 0.01;

const place = (cell: Cell): string =>
  `${cell.kind} @ ${profileName(cell)}, share ${percent(cell.share)}, ${cell.rule}`;

interface Chance {
  readonly cell: Cell;
  readonly hits: number;
}

/** A chance is at most `limit`: by the upper end of its interval. */
const atMost = (name: string, chances: readonly Chance[], limit: number): Claim => {
  const known = chances.map(({ cell, hits }) => ({ cell, hits, ...exactInterval(hits, cell.runs) }));
  const most = known.reduce<(typeof known)[number] | undefined>(
    (a, b) => (a === undefined || b.high > a.high ? b : a),
    undefined,
  );
  if (most === undefined) return { name, state: 'not run', detail: '', again: [] };
  const above = known.filter(({ high }) => high > limit);
  const broken = above.some(({ low }) => low > limit);
  return {
    name,
    state: above.length === 0 ? 'kept' : broken ? 'broken' : 'doubtful',
    detail:
      `worst ${percent(Number((most.hits / most.cell.runs).toPrecision(2)))} ` +
      `(up to ${percent(Number(most.high.toPrecision(2)))}) of ${chances.length}: ${place(most.cell)}`,
    again: broken ? [] : above.map(({ cell }) => cell),
  };
};

const rollbacks = (cells: readonly Cell[]): readonly Chance[] =>
  cells.map((cell) => ({ cell, hits: cell.failed }));

const isHealthy = ({ group }: Cell): boolean => group === 'calm' || group === 'bursts';

interface TimeLimit {
  readonly name: string;
  readonly rule: string;
  readonly where: (cell: Cell) => boolean;
  readonly median: number;
  readonly p90: number | undefined;
}

const TIME_LIMITS: readonly TimeLimit[] = [
  {
    name: 'total failure from 20/s: at most 50/50 s',
    rule: GATE,
    where: ({ kind, rate }) => kind === 'total failure' && rate >= 20,
    median: 50,
    p90: 50,
  },
  {
    name: '100/s, 0.1 % to 2 %: at most 110/200 s',
    rule: GATE,
    where: ({ kind, rate }) => kind === '0.1 % to 2 %' && rate === 100,
    median: 110,
    p90: 200,
  },
  {
    name: '1,000/s, 0.1 % to 0.5 %: at most 150/300 s',
    rule: GATE,
    where: ({ kind, rate }) => kind === '0.1 % to 0.5 %' && rate === 1000,
    median: 150,
    p90: 300,
  },
  {
    name: '1,000/s, 0.1 % to 0.2 % with 1.25x: median at most 16 windows of 60 s',
    rule: GATE_60_NARROW,
    where: ({ kind, rate }) => kind === '0.1 % to 0.2 %' && rate === 1000,
    median: 960,
    p90: undefined,
  },
];

const inTime = (cells: readonly Cell[], limit: TimeLimit): Claim => {
  const { name, rule, where, median, p90 } = limit;
  const found = cells.filter((cell) => cell.part === 'regressions' && cell.rule === rule && where(cell));
  if (found.length === 0) return { name, state: 'not run', detail: '', again: [] };
  const late = found.filter(
    (cell) => (cell.median ?? Infinity) > median || (cell.p90 ?? Infinity) > (p90 ?? Infinity),
  );
  const shown = late[0] ?? found[0];
  const slowest = Math.max(...found.map((cell) => cell.median ?? Infinity));
  const slowest90 = Math.max(...found.map((cell) => cell.p90 ?? Infinity));
  return {
    name,
    state: late.length === 0 ? 'kept' : 'broken',
    detail: `${slowest}/${slowest90} s${shown === undefined || late.length === 0 ? '' : `: ${place(shown)}`}`,
    again: [],
  };
};

const notLater = (cells: readonly Cell[]): Claim => {
  const name = 'where a rival keeps 1 %, the median is at most one window later in every regression';
  const healthy = cells.some(isHealthy);
  const { compared, exceptions } = compare(cells, {
    ours: GATE,
    rivals: RIVALS,
    bound: BOUND,
    slack: 10,
    r0: 1.5,
    healthy: isHealthy,
  });
  if (!healthy || compared === 0) return { name, state: 'not run', detail: '', again: [] };
  return {
    name,
    state: exceptions.length === 0 ? 'kept' : 'broken',
    detail: [`${compared} compared, ${exceptions.length} exceptions`, ...exceptions.map(describe)].join('; '),
    again: [],
  };
};

export const claims = (cells: readonly Cell[]): readonly Claim[] => {
  const ours = (rules: readonly string[]): readonly Cell[] =>
    cells.filter((cell) => rules.includes(cell.rule) && isHealthy(cell));
  const at = (share: number, rules: readonly string[]): readonly Chance[] =>
    rollbacks(ours(rules).filter((cell) => cell.share === share));
  const outage = ours([GATE, GATE_60]).filter(({ kind }) => kind === 'dependency fails for both');
  const lastOutage = ours([GATE_LAST]).filter(
    ({ kind, rate }) => kind === 'dependency fails for both' && rate >= 20,
  );
  const firstStage = ours([GATE]).filter(
    (cell) => cell.share === SMALL && cell.rate >= 20 && cell.group === 'calm',
  );
  return [
    atMost('identical releases rolled back at 5 %: at most 1 %', at(SMALL, [GATE, GATE_60]), BOUND),
    atMost('the same with 1.25x', at(SMALL, [GATE_NARROW, GATE_60_NARROW]), BOUND),
    atMost('identical releases rolled back at 50 %: at most 1 %', at(HALF, [GATE, GATE_60]), BOUND),
    atMost('a dependency that fails for both: at most 0.2 %', rollbacks(outage), OUTAGE_BOUND),
    atMost('the same at 95 % with a holdback, from 20/s', rollbacks(lastOutage), OUTAGE_BOUND),
    atMost(
      'healthy releases inconclusive after the first stage, from 20/s: at most 1 %',
      firstStage.map((cell) => ({ cell, hits: cell.undecided })),
      INCONCLUSIVE_BOUND,
    ),
    atMost(
      'latency: as fast as the stable version, or slower together: at most 1 %',
      rollbacks(
        cells.filter(({ group, rule }) => group === 'latency healthy' && (rule === GATE || rule === GATE_60)),
      ),
      BOUND,
    ),
    ...TIME_LIMITS.map((limit) => inTime(cells, limit)),
    notLater(cells),
  ];
};
