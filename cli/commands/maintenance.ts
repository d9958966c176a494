import { badInput } from '../../lib/errors.ts';
import { type CommandSpec, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const maintenance: CommandSpec = {
  name: 'maintenance',
  summary: 'send users to the maintenance page (503), or let them in again',
  args: [{ name: '<on|off>', summary: 'on: nobody but probes is let in; off: as before' }],
  options: [
    ...STACK_OPTIONS,
    { flags: '--reason <text>', summary: 'why, for the record', default: 'by hand' },
  ],
  examples: [
    [
      'sluice maintenance on --stack production --reason "restore of the database"',
      'by one update; versions stay',
    ],
    ['sluice maintenance off --stack production', 'users are let in again'],
  ],
  run: async ({ args, options, print }) => {
    const [word] = args;
    if (word !== 'on' && word !== 'off')
      throw badInput('maintenance is on or off', [
        { path: '<on|off>', reason: 'unknown', got: word ?? 'nothing', allowed: 'on, off' },
      ]);
    const { setMaintenance } = await import('../work/maintenance.ts');
    return setMaintenance(word === 'on', text(options, 'reason') ?? 'by hand', options, print);
  },
};
