import type { OptionSpec } from '../command.ts';

/** Options of every command that opens a stack. */
export const STACK_OPTIONS: readonly OptionSpec[] = [
  { flags: '-s, --stack <name>', summary: 'the environment’s stack', default: 'production' },
  { flags: '--directory <path>', summary: 'working folder for records and logs', default: '.sluice' },
  { flags: '--real-time', summary: 'sandbox: bake as long as the stack file says, not seconds' },
];
