import { badInput } from '../../lib/errors.ts';
import { type CommandSpec, flag, text, type Values } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

/** Migrations are undone in the database that is there, and with the time that an emergency has not. */
const checkRevert = (options: Values): void => {
  const path = '--revert-migrations';
  const problems = [
    ...(flag(options, 'restoreDatabase')
      ? [{ path, reason: 'cannot be with --restore-database: the backup is from before those migrations' }]
      : []),
    ...(text(options, 'mode') === 'emergency'
      ? [{ path, reason: 'cannot be with --mode emergency, which moves traffic only' }]
      : []),
  ];
  if (problems.length > 0)
    throw badInput(
      'migrations cannot be undone this way',
      problems,
      'leave out one of them; after an emergency go back once more, without it',
    );
};

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
    {
      flags: '--revert-migrations',
      summary: 'also undo the migrations since then, by database.migrations.back; what users wrote stays',
    },
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
    if (flag(options, 'revertMigrations')) checkRevert(options);
    const { rollBack } = await import('../work/rollback.ts');
    return rollBack(reason, options, { print, signal });
  },
};
