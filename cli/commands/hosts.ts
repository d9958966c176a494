import { STACK, type CommandSpec } from '../command.ts';

const OPTIONS = [
  { ...STACK, default: 'staging' },
  {
    flags: '--example <name>',
    summary: 'stack files of an application of examples/; else the repository’s own',
  },
];

const rendered = (name: string, summary: string, what: 'env' | 'compose'): CommandSpec => ({
  name,
  summary,
  options: OPTIONS,
  examples: [[`sluice ${name} --stack staging --example the-bot`, 'prints it; nothing is written or asked']],
  run: async ({ options, print }) => (await import('../validate/run.ts')).showRendered(options, what, print),
});

/** Applications that run by docker compose on hosts. */
export const hostsCommands: readonly CommandSpec[] = [
  {
    name: 'validate',
    summary: 'checks a running environment on hosts: what users meet, and what stands on the machines',
    options: [...OPTIONS, { flags: '--directory <path>', summary: 'working folder', default: '.sluice' }],
    examples: [
      [
        'sluice validate --stack staging',
        'sixteen checks side by side; exit 0 when none failed, 5 otherwise',
      ],
      ['sluice validate --stack staging --json', 'one object a check: expected, seen, how to mend it'],
    ],
    run: async ({ options, print }) => (await import('../validate/run.ts')).runValidate(options, print),
  },
  rendered(
    'hosts env-example',
    'the env file that each host needs, in groups, secrets without values',
    'env',
  ),
  rendered('hosts compose', 'the compose file as a release renders it, with a digest of zeros', 'compose'),
];
