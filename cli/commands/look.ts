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
    { flags: '--result <status>', summary: 'only these', choices: ['success', 'rolled_back', 'failed'] },
    { flags: '--limit <number>', summary: 'at most so many', default: '20' },
  ],
  examples: [
    ['sluice history --stack production', 'the last twenty'],
    ['sluice history --result rolled_back --limit 5', 'the last five that went back'],
  ],
  run: async ({ options, print }) => (await import('../work/look.ts')).showHistory(options, print),
};
