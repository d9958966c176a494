/** Writes the report: plots as SVG, and the tables into README.md between its markers. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Results } from './cells.ts';
import type { Claim } from './claims.ts';
import { figures } from './figures.ts';
import {
  costTable,
  healthyTable,
  lastTable,
  latencyTable,
  longTable,
  ruleTable,
  table,
  timeTable,
} from './tables.ts';
import { exceptionsText, gainsText } from './summary.ts';

const BEGIN = '<!-- results: written by run.ts -->';
const END = '<!-- end of results -->';

/** Puts `content` between the markers of `page`. */
export const between = (page: string, content: string): string => {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error(`bench/gate/README.md has lost its markers ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${content.trim()}\n\n${page.slice(end)}`;
};

const claimTable = (found: readonly Claim[]): string =>
  table(
    ['claim', 'state', 'measured'],
    found.map(({ name, state, detail }) => [name, state === 'kept' ? state : `**${state}**`, detail]),
  );

export const report = (results: Results, found: readonly Claim[]): string => {
  const plots = new Map(figures(results).map(({ file, title }) => [file, `![${title}](plots/${file})`]));
  const plot = (file: string): string => plots.get(file) ?? '';
  const again = results.cells.filter(({ runs }) => runs === results.again && runs !== results.runs).length;
  return [
    `Seed ${results.seed}, ${results.runs.toLocaleString('en')} runs of each workload, a quarter where only times are measured or nothing is promised` +
      (again === 0
        ? '.'
        : ` (${results.again.toLocaleString('en')} fresh ones where a claim was too close to call).`) +
      ' Chances in percent, in brackets the upper end of the exact 99 % interval; times in seconds since the release ' +
      'began, median/90th percentile.',
    '## Claims',
    claimTable(found),
    '## How often is a healthy release rolled back?',
    plot('false-rollbacks.svg'),
    ruleTable(results),
    plot('share.svg'),
    healthyTable(results),
    '## How long until a bad release is rolled back?',
    plot('time-to-verdict.svg'),
    timeTable(results),
    plot('sight.svg'),
    '## What does it cost users?',
    plot('bad-requests.svg'),
    costTable(results),
    plot('promoted.svg'),
    plot('inconclusive.svg'),
    '## Is a rival that keeps the bound ever faster?',
    exceptionsText(results),
    '## What does a rule without a promise gain, and what does it cost?',
    gainsText(results),
    '## Bursts longer than `burst`: no promise',
    plot('long-bursts.svg'),
    longTable(results),
    '## The last stage: 95 % with a holdback',
    lastTable(results),
    '## Latency: requests slower than the stable version’s p95',
    plot('latency.svg'),
    latencyTable(results),
  ].join('\n\n');
};

export const writeReport = async (results: Results, found: readonly Claim[]): Promise<void> => {
  const here = (path: string): URL => new URL(path, import.meta.url);
  mkdirSync(here('plots/'), { recursive: true });
  for (const { file, svg } of figures(results)) writeFileSync(here(`plots/${file}`), svg);
  const page = between(readFileSync(here('README.md'), 'utf8'), report(results, found));
  // The repository's formatter decides how tables are laid out.
  const { format } = await import('prettier');
  writeFileSync(here('README.md'), await format(page, { parser: 'markdown', printWidth: 110 }));
};
