/** One plot for each question that the bench answers. */

import { failInterval, failRate, worst, type Cell, type Results } from './cells.ts';
import { GATE, GATE_60, GATE_60_LONG, GATE_LONG, HALF, SMALL } from './parts.ts';
import { dotPlot, heatMap, type Dot } from './plot.ts';
import { rules } from './tables.ts';
import { percent, RATES } from './workloads.ts';

export interface Figure {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const BLUE = '#1f5fa8';
const ORANGE = '#d9730d';
const GREEN = '#2f855a';
const LEAST = 0.0001;

const isOurs = (rule: string): boolean => rule.startsWith('this gate');

const RATE_TICKS = [
  { at: LEAST, label: '0.01 % or less' },
  { at: 0.001, label: '0.1 %' },
  { at: 0.01, label: '1 %' },
  { at: 0.1, label: '10 %' },
  { at: 1, label: '100 %' },
];

const TIME_TICKS = [
  { at: 10, label: '10 s' },
  { at: 30, label: '30 s' },
  { at: 60, label: '1 min' },
  { at: 180, label: '3 min' },
  { at: 600, label: '10 min' },
  { at: 1800, label: '30 min' },
  { at: 3600, label: '1 h' },
  { at: 7200, label: 'never' },
];

const falseRollbacks = ({ cells, runs }: Results): Figure => {
  const title = 'How often is a healthy release rolled back?';
  const dots = (rule: string, part: string, series: number): readonly Dot[] => {
    const most = worst(cells.filter((cell) => cell.rule === rule && cell.part === part));
    return most === undefined ? [] : [{ series, value: failRate(most), to: failInterval(most).high }];
  };
  return {
    file: 'false-rollbacks.svg',
    title,
    svg: dotPlot({
      title,
      subtitle: `5 % of the traffic, one hour, 20 service profiles, ${runs.toLocaleString('en')} runs each; line: to the upper 99 % limit`,
      axis: 'healthy releases rolled back within the hour, worst workload (log scale)',
      series: [
        { name: 'errors one by one, drift, common outage', colour: BLUE },
        { name: 'errors in bursts of up to 10 s', colour: ORANGE },
      ],
      rows: rules(cells).map((rule) => ({
        name: rule,
        strong: isOurs(rule),
        dots: [...dots(rule, 'calm', 0), ...dots(rule, 'bursts', 1)],
      })),
      ticks: RATE_TICKS,
      line: { at: 0.01, label: 'promise: 1 %' },
    }),
  };
};

const TOLD = [
  { rate: 100, errors: 0.001, kind: 'total failure', name: '100/s, everything fails', colour: BLUE },
  { rate: 100, errors: 0.001, kind: '0.1 % to 2 %', name: '100/s, 0.1 % to 2 %', colour: ORANGE },
  { rate: 1_000, errors: 0.001, kind: '0.1 % to 0.5 %', name: '1,000/s, 0.1 % to 0.5 %', colour: GREEN },
] as const;

const told = (
  cells: readonly Cell[],
  rule: string,
  { rate, errors, kind }: (typeof TOLD)[number],
): Cell | undefined =>
  cells.find(
    (cell) =>
      cell.part === 'regressions' &&
      cell.rule === rule &&
      cell.rate === rate &&
      cell.errors === errors &&
      cell.kind === kind,
  );

const timeToVerdict = ({ cells }: Results): Figure => {
  const title = 'How long until a bad release is rolled back?';
  return {
    file: 'time-to-verdict.svg',
    title,
    svg: dotPlot({
      title,
      subtitle: '5 % of the traffic; dot: half of the releases are rolled back by then; line: to nine tenths',
      axis: 'time since the release began (log scale)',
      series: TOLD.map(({ name, colour }) => ({ name, colour })),
      rows: rules(cells).map((rule) => ({
        name: rule,
        strong: isOurs(rule),
        dots: TOLD.flatMap((one, series): readonly Dot[] => {
          const cell = told(cells, rule, one);
          return cell === undefined ? [] : [{ series, value: cell.median ?? 7200, to: cell.p90 ?? 7200 }];
        }),
      })),
      ticks: TIME_TICKS,
    }),
  };
};

const badRequests = ({ cells }: Results): Figure => {
  const title = 'How many bad answers do users get until then?';
  return {
    file: 'bad-requests.svg',
    title,
    svg: dotPlot({
      title,
      subtitle: '5 % of the traffic; mean over all runs, the whole hour where a release is not rolled back',
      axis: 'bad requests served by the new version (log scale)',
      series: TOLD.map(({ name, colour }) => ({ name, colour })),
      rows: rules(cells).map((rule) => ({
        name: rule,
        strong: isOurs(rule),
        dots: TOLD.flatMap((one, series): readonly Dot[] => {
          const cell = told(cells, rule, one);
          return cell === undefined ? [] : [{ series, value: cell.bad }];
        }),
      })),
      ticks: [1, 10, 100, 1_000, 10_000, 100_000].map((at) => ({ at, label: at.toLocaleString('en') })),
    }),
  };
};

const promoted = ({ cells }: Results): Figure => {
  const title = 'Which bad releases are promoted after an hour?';
  const kinds = ['0.1 % to 0.2 %', '0.1 % to 0.5 %', '0.1 % to 2 %', 'total failure'];
  const columns = [20, 1_000].flatMap((rate) => kinds.map((kind) => ({ rate, kind })));
  const down = rules(cells);
  return {
    file: 'promoted.svg',
    title,
    svg: heatMap({
      title,
      subtitle:
        'part of the releases that no rule stopped within the hour, at 5 % of the traffic; stable version: 0.1 %',
      across: {
        name: 'requests a second: error rate of the new version',
        labels: columns.map(
          ({ rate, kind }) =>
            `${rate.toLocaleString('en')}: ${kind === 'total failure' ? 'all' : kind.replace('0.1 % to ', '')}`,
        ),
      },
      down: { name: 'rule', labels: down },
      fields: down.map((rule) =>
        columns.map(({ rate, kind }) => {
          const cell = cells.find(
            (one) =>
              one.part === 'regressions' &&
              one.rule === rule &&
              one.rate === rate &&
              one.errors === 0.001 &&
              one.kind === kind,
          );
          if (cell === undefined) return undefined;
          const part = 1 - failRate(cell);
          return { words: `${Math.round(part * 100)} %`, strength: part };
        }),
      ),
    }),
  };
};

const sight = ({ cells }: Results): Figure => {
  const title = 'What does this gate see, at which traffic?';
  const kinds = [
    [0, 'total failure'],
    [0, '0 % to 10 %'],
    [0, '0 % to 2 %'],
    [0, '0 % to 0.1 %'],
    [0.001, '0.1 % to 2 %'],
    [0.001, '0.1 % to 0.5 %'],
    [0.001, '0.1 % to 0.2 %'],
    [0.01, '1 % to 20 %'],
    [0.01, '1 % to 5 %'],
    [0.01, '1 % to 2 %'],
  ] as const;
  return {
    file: 'sight.svg',
    title,
    svg: heatMap({
      title,
      subtitle: `median time until it rolls back: ${GATE}, 1.5x, 5 % of the traffic`,
      across: { name: 'requests a second', labels: RATES.map((rate) => rate.toLocaleString('en')) },
      down: {
        name: 'error rate',
        labels: kinds.map(([errors, kind]) =>
          kind === 'total failure' ? `${percent(errors)} to all` : kind,
        ),
      },
      fields: kinds.map(([errors, kind]) =>
        RATES.map((rate) => {
          const cell = cells.find(
            (one) =>
              one.part === 'regressions' &&
              one.rule === GATE &&
              one.rate === rate &&
              one.errors === errors &&
              one.kind === kind,
          );
          if (cell === undefined) return undefined;
          if (cell.median === null) return { words: 'not in 1 h', strength: 1 };
          return { words: `${cell.median} s`, strength: Math.log(cell.median / 40) / Math.log(5400 / 40) };
        }),
      ),
    }),
  };
};

const LENGTHS = [
  ['up to 10 s', 'bursts', ''],
  ['30 s', 'long-bursts', '30 s'],
  ['60 s', 'long-bursts', '60 s'],
] as const;

const longBursts = ({ cells }: Results): Figure => {
  const title = 'What do bursts longer than the gate was told do to a healthy release?';
  return {
    file: 'long-bursts.svg',
    title,
    svg: dotPlot({
      title,
      subtitle:
        'promised only up to `burst` (10 s unless told); worst workload, line: to the upper 99 % limit',
      axis: 'healthy releases rolled back within the hour (log scale)',
      series: LENGTHS.map(([name], i) => ({
        name: `bursts of ${name}`,
        colour: [GREEN, ORANGE, BLUE][i] ?? BLUE,
      })),
      rows: [GATE, GATE_LONG, GATE_60, GATE_60_LONG].map((rule) => ({
        name: rule,
        strong: false,
        dots: LENGTHS.flatMap(([, part, end], series): readonly Dot[] => {
          const most = worst(
            cells.filter((cell) => cell.part === part && cell.rule === rule && cell.kind.endsWith(end)),
          );
          return most === undefined ? [] : [{ series, value: failRate(most), to: failInterval(most).high }];
        }),
      })),
      ticks: RATE_TICKS,
      line: { at: 0.01, label: '1 %' },
    }),
  };
};

const byShare = ({ cells }: Results): Figure => {
  const title = 'What does a larger share change?';
  const kinds = [
    ...new Set(cells.filter(({ part }) => part === 'bursts' || part === 'calm').map(({ kind }) => kind)),
  ];
  return {
    file: 'share.svg',
    title,
    svg: dotPlot({
      title,
      subtitle:
        'healthy releases under this gate, 10 s windows; worst of the service profiles, line: to the upper 99 % limit',
      axis: 'healthy releases rolled back within the hour (log scale)',
      series: [
        { name: '5 % of the traffic', colour: BLUE },
        { name: '50 % of the traffic', colour: ORANGE },
      ],
      rows: kinds.map((kind) => ({
        name: kind,
        strong: false,
        dots: [SMALL, HALF].flatMap((share, series): readonly Dot[] => {
          const most = worst(
            cells.filter((cell) => cell.kind === kind && cell.share === share && cell.rule === GATE),
          );
          return most === undefined ? [] : [{ series, value: failRate(most), to: failInterval(most).high }];
        }),
      })),
      ticks: RATE_TICKS,
      line: { at: 0.01, label: 'promise: 1 %' },
    }),
  };
};

export const figures = (results: Results): readonly Figure[] => [
  falseRollbacks(results),
  timeToVerdict(results),
  badRequests(results),
  promoted(results),
  sight(results),
  byShare(results),
  longBursts(results),
];
