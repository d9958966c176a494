import type { CommandSpec } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

const PERIOD = [
  { flags: '--since <moment>', summary: 'a day, a time, or how long ago', default: '90 days' },
  { flags: '--until <moment>', summary: 'the same; now by default' },
] as const;

/** What is read out of the records of an environment. */
export const recordCommands: readonly CommandSpec[] = [
  {
    name: 'metrics',
    summary:
      'deployment frequency, lead time, change failure rate, time to restore, durations, against targets',
    options: [...STACK_OPTIONS, ...PERIOD],
    examples: [
      ['sluice metrics --stack production', 'the last 90 days'],
      ['sluice metrics --since "30 days" --json', 'the last month, for a dashboard'],
    ],
    run: async ({ options, print }) => (await import('../work/metrics.ts')).showMetrics(options, print),
  },
  {
    name: 'watch',
    summary: 'the closer watch after a release: errors and latency since, health, what to look at',
    options: [
      ...STACK_OPTIONS,
      {
        flags: '--by-clock',
        summary:
          'where there is nothing to watch, or its report is kept already, nothing is said to be wrong',
      },
    ],
    examples: [
      ['sluice watch --stack production', 'once watch.for is over, the report is kept'],
      ['sluice watch --stack production --by-clock', 'what the workflow tidy.yml runs'],
    ],
    run: async ({ options, print }) => (await import('../work/watch.ts')).watchRelease(options, print),
  },
  {
    name: 'diff',
    summary: 'what differs between two deployments: settings, digests, migrations, durations, error rates',
    args: [
      { name: '<a>', summary: 'a deployment id, or a version: its newest deployment' },
      { name: '<b>', summary: 'the same' },
    ],
    options: STACK_OPTIONS,
    examples: [['sluice diff v1.0.0 v2.0.0 --stack production', 'the newest deployments of both versions']],
    run: async ({ args, options, print }) =>
      (await import('../work/diff.ts')).showDiff(args[0] ?? '', args[1] ?? '', options, print),
  },
  {
    name: 'audit export',
    summary: 'who changed what, when, where and why, as the records have it',
    options: [
      ...STACK_OPTIONS,
      { flags: '--format <format>', summary: 'of the export', choices: ['json', 'csv'], default: 'json' },
      { flags: '--since <moment>', summary: 'a day, a time, or how long ago', default: '365 days' },
      { flags: '--until <moment>', summary: 'the same; now by default' },
    ],
    examples: [
      ['sluice audit export --format csv', 'the last year, for a spreadsheet'],
      ['sluice audit export --since 2026-01-01 --until 2026-04-01', 'a quarter as JSON'],
    ],
    run: async ({ options, print }) => (await import('../work/audit.ts')).exportAudit(options, print),
  },
];
