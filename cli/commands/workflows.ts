import type { CommandSpec, OptionSpec } from '../command.ts';
import { text } from '../command.ts';

const FOLDER: OptionSpec = {
  flags: '--folder <path>',
  summary: 'the repository whose stack files are read; this one by default',
};

/** The pipeline's files. */
export const workflowCommands: readonly CommandSpec[] = [
  {
    name: 'workflows render',
    summary: 'write .github/workflows from the configuration of the stacks',
    options: [FOLDER],
    examples: [
      ['sluice workflows render', 'writes what has changed, removes what is not asked for any more'],
    ],
    run: async ({ options, print }) =>
      (await import('../work/workflows.ts')).writeWorkflows(text(options, 'folder'), print),
  },
  {
    name: 'workflows check',
    summary: 'whether the files are what configuration says; changes nothing',
    options: [FOLDER],
    examples: [['sluice workflows check', 'exit 3, and every file that differs, when they are out of date']],
    run: async ({ options, print }) =>
      (await import('../work/workflows.ts')).checkWorkflows(text(options, 'folder'), print),
  },
  {
    name: 'workflows pins',
    summary: 'the actions that the files use, and which have newer releases',
    examples: [['sluice workflows pins', 'asks GitHub; without it: what is pinned']],
    run: async ({ print }) => (await import('../work/workflow-pins.ts')).showPins(print),
  },
];
