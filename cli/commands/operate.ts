import { type CommandSpec, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

const operate = (
  command: 'pause' | 'promote' | 'abort' | 'approve',
  summary: string,
  example: string,
): CommandSpec => ({
  name: command,
  summary,
  args: [{ name: '[deployment]', summary: 'the open deployment by default' }],
  options: [
    ...STACK_OPTIONS,
    { flags: '--reason <text>', summary: 'why, for the record', default: 'by hand' },
  ],
  examples: [[`sluice ${command} --stack production`, example]],
  run: async ({ args, options, print }) => {
    const { sayTo } = await import('../work/operate.ts');
    return sayTo(command, args[0], text(options, 'reason') ?? 'by hand', options, print);
  },
});

/** What a person may say to a running release, from any machine. */
export const operateCommands: readonly CommandSpec[] = [
  operate('pause', 'hold a running release at its stage', 'the stage holds until promote or abort'),
  operate('promote', 'end the stage now and go on', 'also ends a pause'),
  operate('abort', 'take a running release back', 'traffic back on the version before'),
  operate('approve', 'approve a release that waits for it', 'as a reviewer'),
];
