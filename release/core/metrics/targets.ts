import { formatDuration } from '../../../config/units.ts';
import type { Figures, Spread } from './figures.ts';

/** One figure beside its target. `met` is null where nothing was seen, or where no target is set. */
export interface Judged {
  readonly name: string;
  readonly target: string;
  readonly seen: string;
  readonly met: boolean | null;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the documents ask for (E7): daily staging and weekly production; bakes are counted apart. */
export const TARGETS = {
  perDay: { staging: 1, other: 1 / 7 },
  durationMs: 10 * MINUTE,
  successRate: 99,
  rollbackFrequency: 5,
  timeToRestoreMs: 15 * MINUTE,
  availability: 99.9,
} as const;

const round = (n: number, digits = 2): string => String(Number(n.toFixed(digits)));
const rate = (n: number | undefined): string => (n === undefined ? 'none seen' : `${round(n)} %`);
/** As exact as a reader can use it: `740 ms`, `12.4 s`, `34 min`, `5.2 h`, `3.1 days`. */
export const time = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10 * MINUTE) return `${round(ms / 1_000, 1)} s`;
  if (ms < 3 * HOUR) return `${round(ms / MINUTE, 1)} min`;
  return ms < 2 * DAY ? `${round(ms / HOUR, 1)} h` : `${round(ms / DAY, 1)} days`;
};
const times = (s: Spread | undefined, none: string): string =>
  s === undefined ? none : `median ${time(s.median)}, 90 % within ${time(s.p90)}, longest ${time(s.longest)}`;

const frequency = (f: Figures, environment: string): Judged => {
  const least = environment === 'staging' ? TARGETS.perDay.staging : TARGETS.perDay.other;
  return {
    name: 'deployment frequency',
    target: environment === 'staging' ? 'daily' : 'weekly',
    seen: `${round(f.perDay)} a day (${f.successes} in ${round((f.to - f.from) / DAY, 1)} days)`,
    met: f.releases === 0 ? null : f.perDay >= least,
  };
};

/** The figures against their targets, in the order people read them: DORA's four first. */
export const judge = (f: Figures, environment: string): readonly Judged[] => [
  frequency(f, environment),
  {
    name: 'lead time',
    target: 'none set',
    seen: times(f.leadTime, 'no record says when its commit was made'),
    met: null,
  },
  {
    name: 'change failure rate',
    target: `under ${TARGETS.rollbackFrequency} %`,
    seen: rate(f.changeFailureRate),
    met: f.changeFailureRate === undefined ? null : f.changeFailureRate < TARGETS.rollbackFrequency,
  },
  {
    name: 'time to restore',
    target: `under ${formatDuration(TARGETS.timeToRestoreMs)}`,
    seen: times(f.timeToRestore, 'nothing had to be restored'),
    met: f.timeToRestore === undefined ? null : f.timeToRestore.median < TARGETS.timeToRestoreMs,
  },
  {
    name: 'success rate',
    target: `over ${TARGETS.successRate} %`,
    seen: `${rate(f.successRate)} (${f.successes} of ${f.releases}; ${f.rolledBack} rolled back, ${f.failed} failed)`,
    met: f.successRate === undefined ? null : f.successRate > TARGETS.successRate,
  },
  {
    name: 'rollback frequency',
    target: `under ${TARGETS.rollbackFrequency} %`,
    seen: `${rate(f.rollbackFrequency)} (${f.rolledBack} by itself, ${f.rollbacks} by people)`,
    met: f.rollbackFrequency === undefined ? null : f.rollbackFrequency < TARGETS.rollbackFrequency,
  },
  {
    name: 'duration without bakes',
    target: `under ${formatDuration(TARGETS.durationMs)}`,
    seen: times(f.duration, 'none ended well'),
    met: f.duration === undefined ? null : f.duration.median < TARGETS.durationMs,
  },
  { name: 'health checks passed', target: 'none set', seen: rate(f.health), met: null },
  {
    name: 'availability in rollouts',
    target: `at least ${TARGETS.availability} %`,
    seen: f.availability === undefined ? 'none seen' : `${round(f.availability, 3)} %`,
    met: f.availability === undefined ? null : f.availability >= TARGETS.availability,
  },
];
