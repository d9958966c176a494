import { type CommandSpec, flag, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const preview: CommandSpec = {
  name: 'preview',
  summary: 'what an update, the next release, the next stage or a rollback would do, for people',
  options: [
    ...STACK_OPTIONS,
    {
      flags: '--version <tag>',
      summary: 'the release of this version; the edited settings alone by default',
    },
    { flags: '--markdown', summary: 'as a comment for a pull request' },
  ],
  examples: [
    ['sluice preview --stack production', 'what a plain update and the next release would change'],
    ['sluice preview --stack production --version v2.0.0', 'the release of v2.0.0'],
    ['sluice preview --stack production --markdown', 'the same for a pull request'],
  ],
  run: async ({ options, print }) => {
    const { showPreview } = await import('../work/preview.ts');
    return showPreview(text(options, 'version'), flag(options, 'markdown'), options, print);
  },
};
