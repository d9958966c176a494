import type { CommandSpec, OptionSpec } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

const SOURCE: readonly OptionSpec[] = [
  ...STACK_OPTIONS,
  { flags: '--deployment <id>', summary: 'this deployment; the newest of the stack by default' },
];
const FILE: OptionSpec = {
  flags: '--file <path>',
  summary: 'this text instead, e.g. of sluice preview --markdown; - reads standard input',
};

/** What a job shows on GitHub. Without a token, as on pull requests from forks, everything goes into the summary. */
export const githubCommands: readonly CommandSpec[] = [
  {
    name: 'github summary',
    summary: 'a deployment, or a text, in the summary of this job; printed outside a job',
    options: [...SOURCE, FILE],
    examples: [
      ['sluice github summary --stack production', 'the newest deployment'],
      ['sluice github summary --file preview.md', 'a preview on a pull request from a fork'],
    ],
    run: async ({ options, print }) => (await import('../work/github.ts')).showSummary(options, print),
  },
  {
    name: 'github comment',
    summary: 'the same as one comment of a pull request, changed in place',
    options: [
      ...SOURCE,
      FILE,
      { flags: '--pull <number>', summary: 'the pull request; those of the deployment’s commit by default' },
      {
        flags: '--key <name>',
        summary: 'which comment: one of a name is kept; the stack’s own by default',
      },
    ],
    examples: [
      ['sluice github comment --stack production', 'after a deployment, on the pull requests it came from'],
      ['sluice github comment --file preview.md --pull 7 --key preview', 'a preview'],
    ],
    run: async ({ options, print }) => (await import('../work/github.ts')).putComments(options, print),
  },
  {
    name: 'github status',
    summary: 'a deployment’s status beside its commit',
    options: SOURCE,
    examples: [['sluice github status --stack production', 'in progress, success or failure, with links']],
    run: async ({ options, print }) => (await import('../work/github.ts')).setStatus(options, print),
  },
  {
    name: 'github tell',
    summary: 'all three: summary, status, and the comment on the pull requests that a deployment came from',
    options: SOURCE,
    examples: [
      ['sluice github tell --stack production', 'the newest deployment, as the last job of a release'],
    ],
    run: async ({ options, print }) => (await import('../work/github.ts')).tellAll(options, print),
  },
];
