/** The comparison in words, and all tables at once for the terminal. */

import type { Results } from './cells.ts';
import { BOUND } from './claims.ts';
import { compare, describe, type CompareOptions } from './compare.ts';
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

/** Whose false rollbacks are laxer than the promise, and what that buys; in words. */
export const exceptionsText = ({ cells }: Results): string => {
  const options: CompareOptions = {
    ours: GATE,
    rivals: RIVALS,
    bound: BOUND,
    slack: 10,
    r0: 1.5,
    healthy: isHealthy,
  };
  const strict = compare(cells, options);
  const lax = compare(cells, { ...options, bound: 2 * BOUND });
  const calm = compare(cells, { ...options, healthy: ({ part }) => part === 'calm' });
  const identical = compare(cells, { ...options, healthy: ({ kind }) => kind === 'identical release' });
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
    blocks.push(exceptionsText(results));
  if (cells.some(({ part }) => part === 'last-stage')) blocks.push(lastTable(results));
  return `${blocks.join('\n\n')}\n`;
};
