import { badInput } from '../../lib/errors.ts';
import { type CommandSpec, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const rollback: CommandSpec = {
  name: 'rollback',
  summary: 'take the environment back to a release that ended well',
  options: [
    ...STACK_OPTIONS,
    {
      flags: '--reason <text>',
      summary:
        'why: critical bug, performance issue, security vulnerability, data corruption, service outage, failed deployment',
    },
    {
      flags: '--to <deployment>',
      summary: 'an earlier deployment that ended well; the one before by default',
    },
    {
      flags: '--mode <mode>',
      summary: 'emergency: critical checks only, weights first',
      choices: ['standard', 'emergency'],
      default: 'standard',
    },
    { flags: '--override', summary: 'after the rollback window' },
    { flags: '--restore-database', summary: 'also restore the backup taken before the release' },
    { flags: '--ticket <id>', summary: 'incident or ticket, for the record' },
    { flags: '--on-interrupt <what>', summary: 'what Ctrl-C does', choices: ['rollback', 'leave'] },
  ],
  examples: [
    ['sluice rollback --stack production --reason "service outage"', 'to the release before'],
    ['sluice rollback --to 1700000000-0123456789ab --reason "critical bug"', 'to an earlier deployment'],
    [
      'sluice rollback --mode emergency --reason "service outage"',
      'weights first, also while a release runs',
    ],
    [
      'sluice rollback --restore-database --reason "data corruption"',
      'and the database as it was before the release',
    ],
  ],
  run: async ({ options, print, signal }) => {
    const reason = text(options, 'reason')?.trim();
    if (reason === undefined || reason === '')
      throw badInput(
        'a rollback needs a reason, for the record',
        [{ path: '--reason', reason: 'is missing' }],
        'sluice rollback --reason "service outage"',
      );
    const { rollBack } = await import('../work/rollback.ts');
    return rollBack(reason, options, { print, signal });
  },
};
