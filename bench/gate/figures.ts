/** One plot for each question that the bench answers. */

import { failInterval, failRate, worst, type Cell, type Results } from './cells.ts';
import { BLUE, GREEN, ORANGE, RATE_TICKS, TIME_TICKS, type Figure } from './figure.ts';
import { byShare, inconclusive, latencySight, longBursts, sight } from './figures-gate.ts';
import { SMALL } from './parts.ts';
import { dotPlot, heatMap, type Dot } from './plot.ts';
import { rules } from './tables.ts';

const isOurs = (rule: string): boolean => rule.startsWith('this gate');

const falseRollbacks = ({ cells, runs }: Results): Figure => {
  const title = 'How often is a healthy release rolled back?';
  const dots = (rule: string, group: string, series: number): readonly Dot[] => {
    const most = worst(
      cells.filter((cell) => cell.rule === rule && cell.group === group && cell.share === SMALL),
    );
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
        'part of the releases that the rule did not stop within the hour, at 5 % of the traffic; stable version: 0.1 %',
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

export const figures = (results: Results): readonly Figure[] => [
  falseRollbacks(results),
  timeToVerdict(results),
  badRequests(results),
  promoted(results),
  inconclusive(results),
  sight(results),
  byShare(results),
  longBursts(results),
  latencySight(results),
];
