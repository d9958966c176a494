/** The tables of the report, as Markdown. */

import { failInterval, failRate, worst, type Cell, type Results } from './cells.ts';
import { BOUND } from './claims.ts';
import { GATE, GATE_60, GATE_60_LONG, GATE_60_NARROW, GATE_LONG, GATE_NARROW } from './parts.ts';
import { percent, PROFILES, profileName, RATES } from './workloads.ts';

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const short = (chance: number): string =>
  chance === 0 ? '0' : Number((chance * 100).toPrecision(2)).toString();

/** Worst rate in percent with the upper end of its exact 99 % interval. */
const worstText = (cells: readonly Cell[]): string => {
  const cell = worst(cells);
  return cell === undefined ? '–' : `${short(failRate(cell))} (${short(failInterval(cell).high)})`;
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export const timeText = (cell: Cell | undefined): string => {
  const text = (seconds: number | null): string => (seconds === null ? 'never' : String(seconds));
  if (cell === undefined) return '–';
  return cell.median === null ? 'never' : `${text(cell.median)}/${text(cell.p90)}`;
};

const where = (cell: Cell | undefined): string =>
  cell === undefined ? '–' : `${cell.kind}, ${profileName(cell)}`;

const healthyRows = [
  ['errors one by one, drift, common outage, half the share, lost windows', 'calm', 'calm'],
  ['bursts up to 10 s', 'bursts', 'bursts'],
  ['bursts of exactly 10 s', 'whole-bursts', 'bursts'],
  ['the same at 50 %: one by one', 'calm-half', 'calm'],
  ['the same at 50 %: bursts up to 10 s', 'bursts-half', 'bursts'],
  ['the same at 50 %: bursts of exactly 10 s', 'whole-bursts-half', 'bursts'],
  ['a true ratio of exactly 1.5 (5 % and 50 %)', 'boundary', 'boundary'],
  ['latency: same, common slowness, slow start within the warm-up', 'latency', 'latency healthy'],
] as const;

export const healthyTable = ({ cells }: Results): string =>
  table(
    ['healthy releases', 'workloads', GATE, GATE_60, GATE_NARROW, GATE_60_NARROW, 'worst with 10 s'],
    healthyRows.map(([title, part, group]) => {
      const own = cells.filter((cell) => cell.part === part && cell.group === group);
      const of = (rule: string): readonly Cell[] => own.filter((cell) => cell.rule === rule);
      return [
        title,
        String(of(GATE).length),
        ...[GATE, GATE_60, GATE_NARROW, GATE_60_NARROW].map((rule) => worstText(of(rule))),
        where(worst(of(GATE))),
      ];
    }),
  );

export const longTable = ({ cells }: Results): string =>
  table(
    ['bursts of', GATE, GATE_60, GATE_LONG, GATE_60_LONG, 'worst with 10 s'],
    [30, 60].map((seconds) => {
      const own = cells.filter((cell) => cell.group === 'long bursts' && cell.kind.endsWith(`${seconds} s`));
      const of = (rule: string): readonly Cell[] => own.filter((cell) => cell.rule === rule);
      return [
        `${seconds} s`,
        ...[GATE, GATE_60, GATE_LONG, GATE_60_LONG].map((rule) => worstText(of(rule))),
        where(worst(of(GATE))),
      ];
    }),
  );

export const isHealthy = ({ part }: Cell): boolean =>
  part === 'calm' || part === 'bursts' || part === 'whole-bursts';

export const rules = (cells: readonly Cell[]): readonly string[] => [
  ...new Set(cells.filter(isHealthy).map(({ rule }) => rule)),
];

export const ruleTable = ({ cells }: Results): string =>
  table(
    [
      'rule',
      `profiles of ${PROFILES.length} within 1 %`,
      'worst %',
      'mean %',
      'worst workload',
      'total failure at 100/s, s',
      'bad requests until then',
    ],
    rules(cells).map((rule) => {
      const own = cells.filter((cell) => cell.rule === rule && isHealthy(cell));
      const within = PROFILES.filter(({ rate, errors }) => {
        const most = worst(own.filter((cell) => cell.rate === rate && cell.errors === errors));
        return most !== undefined && failRate(most) <= BOUND;
      }).length;
      const failure = cells.find(
        (cell) =>
          cell.part === 'regressions' &&
          cell.rule === rule &&
          cell.kind === 'total failure' &&
          cell.rate === 100 &&
          cell.errors === 0.001,
      );
      return [
        rule.startsWith('this gate') ? `**${rule}**` : rule,
        String(within),
        worstText(own),
        short(mean(own.map(failRate))),
        where(worst(own)),
        timeText(failure),
        failure === undefined ? '–' : Math.round(failure.bad).toLocaleString('en'),
      ];
    }),
  );

export const TOLD: readonly (readonly [rate: number, errors: number, kind: string])[] = [
  [1, 0.001, 'total failure'],
  [20, 0.001, 'total failure'],
  [100, 0.001, 'total failure'],
  [1_000, 0.001, 'total failure'],
  [1, 0, '0 % to 1 %'],
  [1, 0.001, '0.1 % to 2 %'],
  [20, 0.001, '0.1 % to 2 %'],
  [100, 0.001, '0.1 % to 2 %'],
  [100, 0.01, '1 % to 5 %'],
  [1_000, 0.001, '0.1 % to 0.5 %'],
  [1_000, 0.001, '0.1 % to 0.2 %'],
  [10_000, 0.001, '0.1 % to 0.2 %'],
];

const SHOWN = [
  GATE,
  GATE_NARROW,
  GATE_60,
  GATE_60_NARROW,
  "Flagger's code defaults",
  "Flagger's example",
  'alarm 3 of 3 min, tuned',
];

const regression = (cells: readonly Cell[], [rate, errors, kind]: (typeof TOLD)[number]): readonly Cell[] =>
  cells.filter(
    (cell) =>
      cell.part === 'regressions' && cell.rate === rate && cell.errors === errors && cell.kind === kind,
  );

const rowName = ([rate, errors, kind]: (typeof TOLD)[number]): string =>
  `${rate.toLocaleString('en')}/s, ${kind === 'total failure' ? `${percent(errors)} to all` : kind}`;

export const timeTable = ({ cells }: Results): string =>
  table(
    ['requests/s, stable to new', ...SHOWN],
    TOLD.map((told) => {
      const own = regression(cells, told);
      return [rowName(told), ...SHOWN.map((rule) => timeText(own.find((cell) => cell.rule === rule)))];
    }),
  );

/** What users get: bad requests, and which part of the bad releases is promoted or waits for more evidence. */
export const costTable = ({ cells }: Results): string =>
  table(
    [
      'requests/s, stable to new',
      ...SHOWN.map((rule) => `${rule}: bad requests / promoted % / inconclusive %`),
    ],
    TOLD.map((told) => {
      const own = regression(cells, told);
      return [
        rowName(told),
        ...SHOWN.map((rule) => {
          const cell = own.find((one) => one.rule === rule);
          if (cell === undefined) return '–';
          const promoted = (cell.runs - cell.failed - cell.undecided) / cell.runs;
          const bad = Number(cell.bad.toPrecision(3)).toLocaleString('en');
          return `${bad} / ${short(promoted)} / ${short(cell.undecided / cell.runs)}`;
        }),
      ];
    }),
  );

const LAST_KINDS = ['total failure', '0.1 % to 2 %', '0.1 % to 0.5 %', '0.1 % to 0.2 %'] as const;

/** The last stage at 95 % with a holdback: false rollbacks by rate, then times to a verdict. */
export const lastTable = ({ cells }: Results): string => {
  const own = cells.filter(({ part }) => part.startsWith('last-stage'));
  const across = <T>(value: (cells: readonly Cell[]) => T): readonly T[] =>
    RATES.map((rate) => value(own.filter((cell) => cell.rate === rate)));
  return table(
    ['95 % with a holdback, 10 s windows', ...RATES.map((rate) => `${rate.toLocaleString('en')}/s`)],
    [
      [
        'healthy, rolled back, worst %',
        ...across((cells) =>
          worstText(cells.filter(({ group, kind }) => group === 'calm' && !kind.startsWith('dependency'))),
        ),
      ],
      [
        'dependency fails for both, rolled back, worst %',
        ...across((cells) => worstText(cells.filter(({ kind }) => kind.startsWith('dependency')))),
      ],
      ...LAST_KINDS.map((kind) => [
        kind === 'total failure' ? '0.1 % to all, s' : `${kind}, s`,
        ...across((cells) => timeText(cells.find((cell) => cell.kind === kind && cell.errors === 0.001))),
      ]),
    ],
  );
};

export const latencyTable = ({ cells }: Results): string => {
  const own = cells.filter(({ group }) => group === 'latency regression');
  const rates = [...new Set(own.map(({ rate }) => rate))];
  return table(
    ['the new version, 10 s windows', ...rates.map((rate) => `${rate.toLocaleString('en')}/s`)],
    [...new Set(own.map(({ kind }) => kind))].map((kind) => [
      kind,
      ...rates.map((rate) =>
        timeText(own.find((cell) => cell.kind === kind && cell.rate === rate && cell.rule === GATE)),
      ),
    ]),
  );
};
