import type { DeploymentRecord } from './schema.ts';

/** What deciding about other deployments needs of a record. */
export interface RecordSummary {
  readonly deployment: string;
  readonly kind: 'release' | 'rollback';
  readonly version: string;
  readonly status: 'success' | 'rolled_back' | 'failed';
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
  /** Serial of the release that was completed last. */
  readonly serial?: number;
  /** The slot that served at the end. */
  readonly live?: { readonly deployment: string; readonly version: string };
  /** Serial of the completed release that it began from. */
  readonly from?: number;
  /** Deployment whose backup was taken. */
  readonly backup?: string;
  readonly destructive: readonly string[];
  /** Names of the migrations that it ran, in their order, as the database lists them; none where no known tool does. */
  readonly applied: readonly string[];
  /** Names of those that it undid. */
  readonly undone: readonly string[];
}

/** The names in what a database command left. */
export const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];

export const summaryOf = (record: DeploymentRecord): RecordSummary => ({
  deployment: record.deployment_id,
  kind: record.kind,
  version: record.version,
  status: record.status,
  finishedAt: Date.parse(record.finished_at),
  ...(record.serial === undefined ? {} : { serial: record.serial }),
  ...(record.live === undefined ? {} : { live: record.live }),
  ...(record.previous === undefined ? {} : { from: record.previous.serial }),
  ...(record.database_backup === undefined || record.kind === 'rollback'
    ? {}
    : { backup: record.database_backup.backup_id }),
  destructive: record.migrations.destructive,
  applied: appliedIn(record),
  undone: record.migrations.undone ?? [],
});

/** The record of a plain update has no details; what it lists is what ran. */
const appliedIn = ({ migrations, migrations_applied }: DeploymentRecord): readonly string[] => {
  const details: unknown = migrations.details;
  if (typeof details === 'object' && details !== null)
    return 'applied' in details ? namesOf(details.applied) : [];
  return migrations_applied === migrations.pending.length ? migrations.pending : [];
};
