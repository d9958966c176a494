import { type CommandSpec, flag } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const tidy: CommandSpec = {
  name: 'tidy',
  summary: 'take the old slot down after the rollback window; run by a schedule',
  options: [...STACK_OPTIONS, { flags: '--now', summary: 'before the window is over' }],
  examples: [
    ['sluice tidy --stack production', 'nothing to do is no error'],
    ['sluice tidy --now', 'gives up the warm slot before the window ends'],
  ],
  run: async ({ options, print }) =>
    (await import('../work/tidy.ts')).tidyUp(flag(options, 'now'), options, print),
};
