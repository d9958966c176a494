import { badInput } from '../../lib/errors.ts';
import { type CommandSpec, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const plan: CommandSpec = {
  name: 'plan',
  summary: 'the configurations that a release would walk through, without changing anything',
  options: [...STACK_OPTIONS, { flags: '--version <tag>', summary: 'the version, e.g. v2.0.0' }],
  examples: [['sluice plan --stack production --version v2.0.0', 'each step with its serial and traffic']],
  run: async ({ options, print }) => {
    const version = text(options, 'version');
    if (version === undefined)
      throw badInput(
        'a version is needed',
        [{ path: '--version', reason: 'is missing', allowed: 'v1.2.3' }],
        'sluice plan --help',
      );
    return (await import('../work/plan.ts')).showPlan(version, options, print);
  },
};
