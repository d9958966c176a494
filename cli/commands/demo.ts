import { type CommandSpec, flag, text } from '../command.ts';

export const demo: CommandSpec = {
  name: 'demo',
  summary: 'a whole release on a local cloud on this machine, under live traffic',
  options: [
    { flags: '--example <name>', summary: 'an application of examples/', default: 'azora' },
    {
      flags: '--stack <name>',
      summary: 'production (staged) or staging (one direct update)',
      default: 'production',
    },
    { flags: '--scenario <name>', summary: 'how version 2 behaves; see --list', default: 'healthy' },
    { flags: '--list', summary: 'list the scenarios and how each must end' },
    { flags: '--rps <number>', summary: 'requests per second of the load generator', default: '300' },
    { flags: '--seed <number>', summary: 'seed of the load generator', default: '1' },
    { flags: '--bakes <durations>', summary: 'length of each stage, e.g. "5 seconds,5 seconds,5 seconds"' },
    {
      flags: '--on-interrupt <what>',
      summary: 'what Ctrl-C does; asked in a terminal otherwise',
      choices: ['rollback', 'leave'],
    },
    { flags: '--directory <path>', summary: 'working folder for records and logs', default: '.sluice' },
  ],
  examples: [
    ['npm run demo', 'version 1 to version 2 of Azora, 5 %, 50 %, 100 %'],
    ['npm run demo -- --scenario errors', 'version 2 answers 5xx: rolled back by the gate'],
    ['npm run demo -- --stack staging', 'the direct way: one update with migration and health'],
    ['npm run demo -- --list', 'all scenarios'],
  ],
  run: async ({ options, print, signal }) => {
    const { runDemo, listScenarios } = await import('../demo/demo.ts');
    if (flag(options, 'list')) return listScenarios(print);
    return runDemo(
      {
        example: text(options, 'example'),
        stack: text(options, 'stack') ?? 'production',
        scenario: text(options, 'scenario') ?? 'healthy',
        rps: text(options, 'rps') ?? '300',
        seed: text(options, 'seed') ?? '1',
        bakes: text(options, 'bakes'),
        directory: text(options, 'directory') ?? '.sluice',
        onInterrupt: text(options, 'onInterrupt'),
      },
      print,
      signal,
    );
  },
};
