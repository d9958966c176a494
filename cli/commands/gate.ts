import type { CommandSpec } from '../command.ts';

const planSpec: CommandSpec = {
  name: 'gate plan',
  summary: 'how long a canary must be to see which regression with which chance',
  options: [
    { flags: '-s, --stack <name>', summary: 'whose stages and gate settings', default: 'production' },
    { flags: '--rps <number>', summary: 'requests per second of one service', required: true },
    {
      flags: '--errors <share>',
      summary: 'error rate of the version that is live, e.g. 0.1%',
      default: '0.1%',
    },
    { flags: '--share <share>', summary: 'share of the new version instead of the stack’s stages, e.g. 5%' },
    { flags: '--bake <duration>', summary: 'with --share: how long it is held', default: '5 minutes' },
    { flags: '--seed <number>', summary: 'seed of the simulation', default: '1' },
  ],
  examples: [
    ['sluice gate plan --rps 20 --errors 0.1% --share 5%', 'one stage of 5 %'],
    ['sluice gate plan --rps 300 --stack production', 'the stack’s own stages'],
  ],
  run: async ({ options, print }) => (await import('../work/gate.ts')).showGatePlan(options, print),
};

const replaySpec: CommandSpec = {
  name: 'gate replay',
  summary: 'compute a release’s verdicts again from its record; they must agree',
  args: [{ name: '<record>', summary: 'path of a deployment record (JSON)' }],
  examples: [
    [
      'sluice gate replay .sluice/records/production/1700000000-0123456789ab.json',
      'all verdicts of that release',
    ],
  ],
  run: async ({ args, print }) => (await import('../work/gate.ts')).showReplay(args[0] ?? '', print),
};

export const gateCommands: readonly CommandSpec[] = [planSpec, replaySpec];
