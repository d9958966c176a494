import { type CommandSpec, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const reconcile: CommandSpec = {
  name: 'reconcile',
  summary: 'make live weights and the stack agree again, towards the one or the other',
  options: [
    ...STACK_OPTIONS,
    {
      flags: '--to <side>',
      summary: 'stack: weights go back to what the stack says; live: the stack takes over what is live',
      choices: ['stack', 'live'],
    },
  ],
  examples: [
    ['sluice reconcile --stack production', 'what differs, and what either way would do'],
    ['sluice reconcile --stack production --to stack', 'by direct calls, within a second'],
    ['sluice reconcile --stack production --to live', 'by an update that moves no traffic'],
  ],
  run: async ({ options, print }) => {
    const { reconcileStack } = await import('../work/reconcile.ts');
    const to = text(options, 'to');
    return reconcileStack(to === 'stack' || to === 'live' ? to : undefined, options, print);
  },
};
