import type { CommandSpec, OptionSpec } from '../command.ts';

const DIRECTORY: OptionSpec = { flags: '--directory <path>', summary: 'working folder', default: '.sluice' };

/** The local cloud as a daemon that several commands share. */
export const sandbox: readonly CommandSpec[] = [
  {
    name: 'sandbox up',
    summary: 'start the local cloud on loopback, with the stacks’ images, databases, secrets and machines',
    options: [
      DIRECTORY,
      {
        flags: '--application <folder>',
        summary: 'its code: main.js, versions.json, migrations (default: examples/azora/app)',
      },
    ],
    examples: [
      ['sluice sandbox up', 'until sluice sandbox down'],
      ['sluice sandbox up --application examples/lambda/app', 'for the stack files of that example'],
    ],
    run: async ({ options, print }) => (await import('../work/sandbox.ts')).sandboxUp(options, print),
  },
  {
    name: 'sandbox down',
    summary: 'stop it and everything it started',
    options: [DIRECTORY],
    examples: [['sluice sandbox down', 'nothing is left running']],
    run: async ({ options, print }) => (await import('../work/sandbox.ts')).sandboxDown(options, print),
  },
  {
    name: 'sandbox status',
    summary: 'what runs in it',
    options: [DIRECTORY],
    examples: [['sluice sandbox status', 'services, rules, buckets']],
    run: async ({ options, print }) => (await import('../work/sandbox.ts')).sandboxStatus(options, print),
  },
  {
    name: 'sandbox env',
    summary: 'what a shell needs for plain pulumi commands: backend, passphrase, provider ports',
    options: [DIRECTORY],
    examples: [['eval "$(sluice sandbox env)"', 'then pulumi up works on the local cloud']],
    run: async ({ options, print }) => (await import('../work/sandbox.ts')).sandboxEnv(options, print),
  },
];
