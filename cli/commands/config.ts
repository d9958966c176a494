import type { CommandSpec } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const config: CommandSpec = {
  name: 'config at',
  summary: 'print the stack configuration of an earlier release, ready for `pulumi config set`',
  args: [{ name: '<which>', summary: 'a serial, a deployment id, or `previous`' }],
  options: STACK_OPTIONS,
  examples: [
    ['sluice config at previous', 'the release before the live one'],
    ['sluice config at 12 --stack production', 'the release with serial 12'],
    [
      'sluice config at previous | pulumi config set sluice:release --stack production',
      'and pulumi up goes back to it',
    ],
  ],
  run: async ({ args, options, print }) =>
    (await import('../work/config.ts')).showConfigAt(args[0] ?? '', options, print),
};
