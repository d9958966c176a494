import { type CommandSpec, flag, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

/** Backups of an environment's database. */
export const backups: readonly CommandSpec[] = [
  {
    name: 'backup list',
    summary: 'backups that were taken, newest first, and what restoring each showed',
    options: STACK_OPTIONS,
    examples: [['sluice backup list --stack production', 'deployment, time, size, verified or not']],
    run: async ({ options, print }) => (await import('../work/backup.ts')).listBackups(options, print),
  },
  {
    name: 'backup restore',
    summary: 'restore a deployment’s backup; the database of now is kept under another name',
    args: [{ name: '<deployment>', summary: 'whose backup' }],
    options: [
      ...STACK_OPTIONS,
      { flags: '--force', summary: 'although what was written since the backup is lost' },
      { flags: '--reason <text>', summary: 'why, for the log', default: 'by hand' },
    ],
    examples: [
      [
        'sluice backup restore 1700000000-0123456789ab',
        'refused, with what would be lost, where there is newer data',
      ],
      ['sluice backup restore 1700000000-0123456789ab --force', 'restores it all the same'],
    ],
    run: async ({ args, options, print, signal }) =>
      (await import('../work/backup.ts')).restoreBackup(
        {
          deployment: args[0] ?? '',
          force: flag(options, 'force'),
          reason: text(options, 'reason') ?? 'by hand',
        },
        options,
        { print, signal },
      ),
  },
];
