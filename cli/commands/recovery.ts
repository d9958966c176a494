import { type CommandSpec, flag, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

/** Backups by schedule, drills, and staging's database. */
export const recoveryCommands: readonly CommandSpec[] = [
  {
    name: 'backup create',
    summary: 'take a backup now, with settings and digests beside it: what a schedule runs',
    options: STACK_OPTIONS,
    examples: [
      ['sluice backup create --stack production', 'below daily/, kept as long as backups.keep says'],
    ],
    run: async ({ options, print, signal }) =>
      (await import('../work/backup-create.ts')).createBackup(options, print, signal),
  },
  {
    name: 'drill restore',
    summary:
      'restore the newest backup beside the database, compare it, drop it: RTO and RPO against the objectives',
    options: STACK_OPTIONS,
    examples: [['sluice drill restore --stack production', 'the application is not touched']],
    run: async ({ options, print, signal }) =>
      (await import('../work/drill.ts')).drillRestore(options, print, signal),
  },
  {
    name: 'drill rollback',
    summary: 'go back to the release before and forward again, and measure both',
    options: [
      ...STACK_OPTIONS,
      { flags: '--yes', summary: 'users of production are served by the version before for a moment' },
    ],
    examples: [['sluice drill rollback --stack production --yes', 'traffic goes there and back again']],
    run: async ({ options, print, signal }) =>
      (await import('../work/drill.ts')).drillRollback(flag(options, 'yes'), options, print, signal),
  },
  {
    name: 'database fresh',
    summary: 'a new, empty database with all migrations in the place of the environment’s',
    options: [
      { flags: '-s, --stack <name>', summary: 'never production', default: 'staging' },
      ...STACK_OPTIONS.slice(1),
    ],
    examples: [['sluice database fresh --stack staging', 'the old database is kept under another name']],
    run: async ({ options, print, signal }) =>
      (await import('../work/database.ts')).freshDatabase(options, print, signal),
  },
  {
    name: 'database copy',
    summary: 'the data of another environment’s newest backup in the place of this one’s',
    options: [
      { flags: '-s, --stack <name>', summary: 'never production', default: 'staging' },
      ...STACK_OPTIONS.slice(1),
      { flags: '--from <stack>', summary: 'whose backup', default: 'production' },
      {
        flags: '--after <command>',
        summary: 'run on the copy before it is used, with DATABASE_URL: to take personal data out',
      },
    ],
    examples: [
      [
        'sluice database copy --from production --after "psql $DATABASE_URL -f anonymise.sql"',
        'into staging',
      ],
    ],
    run: async ({ options, print, signal }) =>
      (await import('../work/database.ts')).copyDatabase(
        text(options, 'from') ?? 'production',
        text(options, 'after'),
        options,
        { print, signal },
      ),
  },
];
