import type { RecordSummary } from '../records/summary.ts';
import type { Finding, Request, Settings } from './types.ts';

export const refusal = (check: string, message: string, hint?: string): Finding => ({
  check,
  level: 'refuse',
  message,
  ...(hint === undefined ? {} : { hint }),
});

export interface Crossed {
  readonly destructive: readonly string[];
  readonly backup: string | undefined;
  /** Names of the migrations that ran since and were not undone, newest first. */
  readonly migrations: readonly string[];
}

/** Migrations that ran since the goal was live. */
export const crossedBy = (records: readonly RecordSummary[], at: number, now: number): Crossed => {
  const since = records
    .filter((r) => r.finishedAt > at && r.finishedAt <= now)
    .toSorted((a, b) => a.finishedAt - b.finishedAt);
  const left = new Set<string>();
  for (const { applied, undone } of since) {
    for (const name of applied) left.add(name);
    for (const name of undone) left.delete(name);
  }
  const releases = since.filter((r) => r.kind === 'release');
  return {
    destructive: releases
      .filter(({ applied }) => applied.length === 0 || applied.some((name) => left.has(name)))
      .flatMap((r) => r.destructive),
    backup: releases.find((r) => r.backup !== undefined)?.backup,
    migrations: [...left].toReversed(),
  };
};

/** What the migrations since mean for going back. */
export const dataFindings = (
  request: Request,
  settings: Settings,
  crossed: Crossed,
  version: string,
): Finding[] => {
  const { rollback } = request;
  const { backup, destructive } = crossed;
  if (rollback?.revertMigrations === true) return undoFindings(request, settings, crossed);
  const restore = rollback?.restoreDatabase === true;
  if (restore && backup === undefined)
    return [refusal('database', 'no backup was taken since that release: the database cannot be restored')];
  if (restore || destructive.length === 0) return [];
  const message =
    `migrations since then took data away that ${version} needs (${destructive.join(', ')}): ` +
    `the database must be restored too`;
  const allowed = rollback?.override === true || rollback?.mode === 'emergency';
  if (allowed || settings.rollback.database === 'never')
    return [{ check: 'database', level: 'warn', message }];
  const undo =
    settings.database?.migrations.back === undefined
      ? ''
      : '--revert-migrations (columns come back without their data) or ';
  return [refusal('database', message, `add ${undo}--restore-database, or --override to go back without`)];
};

/** Whether migrations may be undone on the way, and what that means. */
const undoFindings = (request: Request, settings: Settings, crossed: Crossed): Finding[] => {
  const { environment, rollback } = request;
  const check = 'database';
  if (rollback?.restoreDatabase === true)
    return [refusal(check, 'migrations cannot be undone in a database that is restored', 'choose one')];
  if (rollback?.mode === 'emergency')
    return [
      refusal(
        check,
        'an emergency moves traffic only: migrations are undone by a standard rollback',
        'leave out --revert-migrations, or --mode emergency',
      ),
    ];
  if (settings.database?.migrations.back === undefined)
    return [
      refusal(
        check,
        `no command is configured that undoes migrations of ${environment}`,
        'set database.migrations.back in sluice:app, or go back with --restore-database',
      ),
    ];
  const { migrations, destructive } = crossed;
  if (migrations.length > 0) {
    const message =
      `migrations are undone: ${migrations.join(', ')}; columns that they dropped come back without their data, ` +
      `and what was written into those that they added is lost`;
    return [{ check, level: 'warn', message }];
  }
  if (destructive.length === 0)
    return [{ check, level: 'note', message: 'no migration ran since then: none is undone' }];
  return [
    refusal(
      check,
      `which migrations ran since then is not recorded (${destructive.join(', ')}): they cannot be undone by name`,
      'add --restore-database, or undo them by hand and add --override',
    ),
  ];
};
