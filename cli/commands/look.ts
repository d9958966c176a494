import type { CommandSpec } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const status: CommandSpec = {
  name: 'status',
  summary: 'what is live, what is under way, whether live weights are the stack’s',
  options: STACK_OPTIONS,
  examples: [
    ['sluice status --stack production', 'versions, traffic, open deployment, rollback deadline'],
    ['sluice status --json', 'the same as one JSON object'],
  ],
  run: async ({ options, print }) => (await import('../work/look.ts')).showStatus(options, print),
};

export const history: CommandSpec = {
  name: 'history',
  summary: 'deployments of an environment, newest first',
  options: [
    ...STACK_OPTIONS,
    { flags: '--status <status>', summary: 'only these', choices: ['success', 'rolled_back', 'failed'] },
    { flags: '--result <status>', summary: 'the same', choices: ['success', 'rolled_back', 'failed'] },
    { flags: '--version <version>', summary: 'only deployments of this version' },
    { flags: '--since <moment>', summary: 'a day, a time, or how long ago: "7 days"' },
    { flags: '--limit <number>', summary: 'at most so many', default: '20' },
  ],
  examples: [
    ['sluice history --stack production', 'the last twenty'],
    ['sluice history --status rolled_back --limit 5', 'the last five that went back'],
    ['sluice history --version v2.0.0 --since "7 days"', 'what became of a version this week'],
  ],
  run: async ({ options, print }) => (await import('../work/look.ts')).showHistory(options, print),
};
