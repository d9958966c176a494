/** The comparison in words, and all tables at once for the terminal. */

import type { Results } from './cells.ts';
import { BOUND } from './claims.ts';
import { compare, describe, gains, type CompareOptions } from './compare.ts';
import { GATE, NAIVE_10, RIVALS } from './parts.ts';
import {
  healthyTable,
  isHealthy,
  lastTable,
  latencyTable,
  longTable,
  ruleTable,
  timeTable,
} from './tables.ts';
import { percent } from './workloads.ts';

const OPTIONS: CompareOptions = {
  ours: GATE,
  rivals: RIVALS,
  bound: BOUND,
  slack: 10,
  r0: 1.5,
  healthy: isHealthy,
};

const chance = (value: number): string => percent(Number(value.toPrecision(2)));

/** Rules without a promise that are faster somewhere, and what that costs there; in words. */
export const gainsText = ({ cells }: Results): string => {
  const found = gains(cells, OPTIONS);
  const none = RIVALS.filter((rival) => !found.some((gain) => gain.rival === rival));
  return [
    'Faster by more than a window is only who does not keep the promise in that profile. Above all it is the services that never fail: a single',
    'error is proof for a rule that compares with zero, and at 5 % of the traffic each error of a healthy release meets the new version with a',
    'chance of 5 %; a promise of 1 % cannot stop on one. Next are alarms set close to the usual error rate, which a common outage or one bad client sets off.',
    '',
    ...found.map(
      ({ rival, faster, regressions, least, most, where }) =>
        `- ${rival}: faster in ${faster} of ${regressions} regressions. In those profiles its worst workload rolls back ${chance(least)} (${where}) to ${chance(most)} of the healthy releases.`,
    ),
    ...(none.length === 0 ? [] : [`- Nowhere faster: ${none.join(', ')}.`]),
  ].join('\n');
};

/** Whose false rollbacks are laxer than the promise, and what that buys; in words. */
export const exceptionsText = ({ cells }: Results): string => {
  const strict = compare(cells, OPTIONS);
  const lax = compare(cells, { ...OPTIONS, bound: 2 * BOUND });
  const calm = compare(cells, { ...OPTIONS, healthy: ({ part }) => part === 'calm' });
  const identical = compare(cells, { ...OPTIONS, healthy: ({ kind }) => kind === 'identical release' });
  const list = (found: ReturnType<typeof compare>): string =>
    found.exceptions.length === 0
      ? 'none'
      : [...Map.groupBy(found.exceptions, ({ rival }) => rival)]
          .map(([rival, own]) => `${rival} ${own.length}`)
          .join(', ');
  return [
    `- Held to 1 % over all healthy workloads: ${strict.compared} comparisons, later by more than a window in ${strict.exceptions.length}.`,
    ...strict.exceptions.map((exception) => `  - ${describe(exception)}`),
    `- Held to 2 %: ${lax.compared} comparisons, exceptions: ${list(lax)}.`,
    `- Held to 1 % on errors that come one by one only: ${calm.compared} comparisons, exceptions: ${list(calm)}.`,
    `- Held to 1 % on the identical release only: ${identical.compared} comparisons, exceptions: ${list(identical)}.`,
  ].join('\n');
};

export const summary = (results: Results): string => {
  const { cells } = results;
  const blocks: string[] = [];
  if (cells.some(({ group }) => group !== 'regression')) blocks.push(healthyTable(results));
  if (cells.some(isHealthy)) blocks.push(ruleTable(results));
  if (cells.some(({ part }) => part === 'regressions')) blocks.push(timeTable(results));
  if (cells.some(({ group }) => group === 'long bursts')) blocks.push(longTable(results));
  if (cells.some(({ group }) => group === 'latency regression')) blocks.push(latencyTable(results));
  if (cells.some(isHealthy) && cells.some(({ rule }) => rule === NAIVE_10))
    blocks.push(exceptionsText(results), gainsText(results));
  if (cells.some(({ part }) => part === 'last-stage')) blocks.push(lastTable(results));
  return `${blocks.join('\n\n')}\n`;
};
