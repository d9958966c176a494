/** Plots about this gate alone. */

import { failInterval, failRate, worst, type Cell, type Results } from './cells.ts';
import { BLUE, GREEN, ORANGE, RATE_TICKS, type Figure } from './figure.ts';
import { GATE, GATE_60, GATE_60_LONG, GATE_LONG, HALF, SMALL } from './parts.ts';
import { dotPlot, heatMap, type Dot } from './plot.ts';
import { UNDECIDED_FROM } from './rules/ours.ts';
import { percent, RATES } from './workloads.ts';

export const sight = ({ cells }: Results): Figure => {
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
          return cell === undefined ? undefined : timeField(cell);
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

export const longBursts = ({ cells }: Results): Figure => {
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

export const byShare = ({ cells }: Results): Figure => {
  const title = 'What does a larger share change?';
  const kinds = [
    ...new Set(
      cells
        .filter(({ group, share }) => (group === 'bursts' || group === 'calm') && share === SMALL)
        .map(({ kind }) => kind),
    ),
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

export const inconclusive = ({ cells }: Results): Figure => {
  const title = 'How often does time alone not promote a release?';
  const own = cells.filter(({ rule, share }) => rule === GATE && share === SMALL);
  const rows = [
    ...[...new Set(own.filter(({ group }) => group === 'calm').map(({ kind }) => kind))].map((kind) => ({
      name: kind,
      of: own.filter((cell) => cell.kind === kind && cell.group === 'calm'),
    })),
    { name: 'bursts of up to 10 s', of: own.filter(({ group }) => group === 'bursts') },
    ...['0.1 % to 0.2 %', '0.1 % to 0.5 %', '0.1 % to 2 %', 'total failure'].map((kind) => ({
      name: kind,
      of: own.filter((cell) => cell.part === 'regressions' && cell.kind === kind && cell.errors === 0.001),
    })),
  ];
  return {
    file: 'inconclusive.svg',
    title,
    svg: heatMap({
      title,
      subtitle: `evidence of ${UNDECIDED_FROM} and more after an hour, worst profile: ${GATE}, 5 % of the traffic`,
      across: { name: 'requests a second', labels: RATES.map((rate) => rate.toLocaleString('en')) },
      down: { name: 'release', labels: rows.map(({ name }) => name) },
      fields: rows.map(({ of }) =>
        RATES.map((rate) => {
          const parts = of.filter((cell) => cell.rate === rate).map((cell) => cell.undecided / cell.runs);
          if (parts.length === 0) return undefined;
          const most = Math.max(...parts);
          return { words: percent(Number((100 * most).toPrecision(2)) / 100), strength: most };
        }),
      ),
    }),
  };
};

export const latencySight = ({ cells }: Results): Figure => {
  const title = 'How fast does this gate see that a version is slower?';
  const own = cells.filter(({ group, rule }) => group === 'latency regression' && rule === GATE);
  const kinds = [...new Set(own.map(({ kind }) => kind))];
  return {
    file: 'latency.svg',
    title,
    svg: heatMap({
      title,
      subtitle:
        'median time until it rolls back; latency judged by the part of requests above the old p95, 5 % of the traffic',
      across: { name: 'requests a second', labels: RATES.map((rate) => rate.toLocaleString('en')) },
      down: { name: 'the new version', labels: kinds },
      fields: kinds.map((kind) =>
        RATES.map((rate) => {
          const cell = own.find((one) => one.kind === kind && one.rate === rate);
          return cell === undefined ? undefined : timeField(cell);
        }),
      ),
    }),
  };
};

const timeField = ({ median }: Cell): { readonly words: string; readonly strength: number } =>
  median === null
    ? { words: 'not in 1 h', strength: 1 }
    : { words: `${median} s`, strength: Math.log(median / 40) / Math.log(5400 / 40) };
