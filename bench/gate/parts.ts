/** What is run: parts of the table, each a list of workloads and the rules that judge them. */

import { latency } from './latency.ts';
import { alarm } from './rules/alarm.ts';
import { argo } from './rules/argo.ts';
import { FLAGGER_DEFAULTS, FLAGGER_EXAMPLE, flagger } from './rules/flagger.ts';
import { kayenta } from './rules/kayenta.ts';
import { lastStage } from './rules/last-stage.ts';
import { naive } from './rules/naive.ts';
import { ours } from './rules/ours.ts';
import type { Rule } from './rules/rule.ts';
import {
  boundary,
  bursts,
  calm,
  lateFailures,
  longBursts,
  regressions,
  wholeBursts,
  type Workload,
} from './workloads.ts';

export const GATE = 'this gate, 10 s';
export const GATE_60 = 'this gate, 60 s';
export const GATE_NARROW = 'this gate, 10 s, 1.25x';
export const GATE_60_NARROW = 'this gate, 60 s, 1.25x';
export const GATE_LONG = 'this gate, 10 s, burst 60 s';
export const GATE_60_LONG = 'this gate, 60 s, burst 60 s';
export const GATE_LAST = 'this gate, 95 % with holdback';
export const KAYENTA = 'Kayenta, Mann-Whitney';
export const ARGO = "Argo Rollouts' example";
export const NAIVE_10 = 'naive z-test every 10 s';

const GATES = (): readonly Rule[] => [ours(GATE), ours(GATE_60, { windowSeconds: 60 })];
const NARROW = (): readonly Rule[] => [
  ours(GATE_NARROW, { r0: 1.25 }),
  ours(GATE_60_NARROW, { windowSeconds: 60, r0: 1.25 }),
];
const LONG = (): readonly Rule[] => [
  ours(GATE_LONG, { burstSeconds: 60 }),
  ours(GATE_60_LONG, { windowSeconds: 60, burstSeconds: 60 }),
];

export const rivals = (): readonly Rule[] => [
  kayenta(KAYENTA),
  argo(ARGO, 'irate'),
  argo("Argo's example, 5 min mean", 'mean'),
  flagger("Flagger's example", FLAGGER_EXAMPLE),
  flagger("Flagger's code defaults", FLAGGER_DEFAULTS),
  alarm('alarm 3 of 3 min, fixed', { needed: 3, threshold: 'fixed' }),
  alarm('alarm 3 of 3 min, tuned', { needed: 3, threshold: 'tuned' }),
  alarm('alarm 1 of 1 min', { needed: 1, threshold: 'fixed' }),
  naive('naive z-test every 60 s', 60),
  naive(NAIVE_10, 10),
];
export const RIVALS: readonly string[] = rivals().map((rule) => rule.name);

export interface Part {
  readonly name: string;
  readonly title: string;
  readonly workloads: readonly Workload[];
  readonly rules: () => readonly Rule[];
  /** Only times, or chances without a promise: a quarter of the runs says enough. */
  readonly light?: boolean;
}

/** The shares of the traffic that releases are simulated at. */
export const SMALL = 0.05;
export const HALF = 0.5;
export const LAST = 0.95;
const all = (): readonly Rule[] => [...GATES(), ...NARROW(), ...rivals()];

export const PARTS: readonly Part[] = [
  { name: 'calm', title: 'healthy, errors one by one, 5 %', workloads: calm(SMALL), rules: all },
  { name: 'bursts', title: 'healthy, bursts up to 10 s, 5 %', workloads: bursts(SMALL), rules: all },
  {
    name: 'whole-bursts',
    title: 'healthy, bursts of exactly 10 s, 5 %',
    workloads: wholeBursts(SMALL),
    rules: () => [...GATES(), ...NARROW()],
  },
  { name: 'regressions', title: 'regressions, 5 %', workloads: regressions(SMALL), rules: all, light: true },
  {
    name: 'late',
    title: 'total failure after half an hour, 5 %',
    workloads: lateFailures(SMALL),
    rules: all,
    light: true,
  },
  { name: 'calm-half', title: 'healthy, errors one by one, 50 %', workloads: calm(HALF), rules: GATES },
  { name: 'bursts-half', title: 'healthy, bursts up to 10 s, 50 %', workloads: bursts(HALF), rules: GATES },
  {
    name: 'whole-bursts-half',
    title: 'healthy, bursts of exactly 10 s, 50 %',
    workloads: wholeBursts(HALF),
    rules: GATES,
  },
  {
    name: 'regressions-half',
    title: 'regressions, 50 %',
    workloads: regressions(HALF),
    rules: GATES,
    light: true,
  },
  {
    name: 'boundary',
    title: 'a true ratio of exactly 1.5',
    workloads: [...boundary(SMALL, 1.5), ...boundary(HALF, 1.5)],
    rules: GATES,
  },
  {
    name: 'last-stage',
    title: 'healthy, the last stage with a holdback, 95 %',
    workloads: calm(LAST),
    rules: () => [lastStage(GATE_LAST)],
  },
  {
    name: 'last-stage-regressions',
    title: 'regressions, the last stage with a holdback, 95 %',
    workloads: regressions(LAST),
    rules: () => [lastStage(GATE_LAST)],
    light: true,
  },
  { name: 'latency', title: 'latency, 5 %', workloads: latency(SMALL), rules: GATES },
  {
    name: 'long-bursts',
    title: 'healthy, bursts of 30 and 60 s, 5 %',
    workloads: longBursts(SMALL),
    rules: () => [...GATES(), ...LONG()],
    light: true,
  },
];
