import { type CommandSpec, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const configStep: CommandSpec = {
  name: 'config step',
  summary: 'print the stack configuration of one step of a release, for a release by hand',
  args: [{ name: '<step>', summary: 'backup, migrate, up, back, down, or the name of a stage' }],
  options: [
    ...STACK_OPTIONS,
    { flags: '--version <tag>', summary: 'the version; that of the slot that came up last by default' },
    { flags: '--deployment <id>', summary: 'the deployment; the one that was begun by default' },
  ],
  examples: [
    ['sluice config step up --version v2.0.0', 'the new slot beside the live one, without traffic'],
    ['sluice config step canary | pulumi config set sluice:release', 'and pulumi up gives it its share'],
  ],
  run: async ({ args, options, print }) => {
    const { showStep } = await import('../work/config-step.ts');
    const given = { version: text(options, 'version'), deployment: text(options, 'deployment') };
    return showStep(args[0] ?? '', given, options, print);
  },
};
