import type { App } from '../config/types.ts';

export interface CommandsPlanArgs {
  readonly app: Pick<
    App,
    'application' | 'environment' | 'database' | 'buckets' | 'timeouts' | 'health' | 'smoke'
  >;
  /** Deployment whose backup was taken last; undefined: none was. */
  readonly backup?: string | undefined;
  /** Deployment and version whose migrations ran last. */
  readonly schema?: { readonly deployment: string; readonly version: string } | undefined;
  /** The slot that has just been brought and is to be verified before traffic moves; direct rollouts only. */
  readonly verify?: { readonly deployment: string; readonly version: string } | undefined;
  /** The slot whose smoke tests are run before traffic moves; direct rollouts only. */
  readonly smoke?: { readonly deployment: string } | undefined;
  /** The deployment that a record is to be kept of; direct rollouts only. */
  readonly record?: { readonly deployment: string } | undefined;
}

export type CommandKind = 'backup' | 'migrate' | 'verify' | 'smoke' | 'record';

export interface PlannedCommand {
  readonly kind: CommandKind;
  /** The id of what is to be done: a new one is the only thing that makes the command do anything. */
  readonly deployment: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

const ms = (value: number): string => String(Math.round(value));

const defined = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((e): e is [string, string] => e[1] !== undefined));

/**
 * The commands of a release, each with the plain part of its environment. A release without backup or migration
 * has none of them. What is done already ends at once: that is the command's own duty, by its deployment's id.
 */
export const planCommands = (args: CommandsPlanArgs): readonly PlannedCommand[] => {
  const { app } = args;
  const planned: PlannedCommand[] = [];
  const add = (
    kind: CommandKind,
    deployment: string,
    timeout: number,
    environment: Readonly<Record<string, string | undefined>>,
  ): void => {
    planned.push({
      kind,
      deployment,
      timeoutSeconds: Math.ceil(timeout / 1000),
      environment: defined({
        SLUICE_APPLICATION: app.application,
        SLUICE_ENVIRONMENT: app.environment,
        SLUICE_DEPLOYMENT: deployment,
        SLUICE_TIMEOUT: ms(timeout),
        ...environment,
      }),
    });
  };
  const { database } = app;
  if (database !== undefined && args.backup !== undefined)
    add('backup', args.backup, app.timeouts.backup, {
      SLUICE_RUNS: database.runs,
      SLUICE_BACKUP_PREFIX: database.backup.prefix,
      SLUICE_BACKUP_VERIFY: database.backup.verify,
      SLUICE_BACKUP_LOCK: app.buckets.lock,
      SLUICE_BACKUP_RETENTION: ms(app.buckets.retention),
    });
  if (database !== undefined && args.schema !== undefined)
    add('migrate', args.schema.deployment, app.timeouts.migrate, {
      SLUICE_RUNS: database.runs,
      SLUICE_VERSION: args.schema.version,
      SLUICE_MIGRATION_COMMAND: database.migrations.command,
      SLUICE_MIGRATION_DIRECTORY: database.migrations.directory,
      SLUICE_MIGRATION_AFTER: database.migrations.after,
      SLUICE_DATABASE_URL_NAME: database.url,
    });
  if (args.verify !== undefined)
    add('verify', args.verify.deployment, app.timeouts.health, {
      SLUICE_VERSION: args.verify.version,
      SLUICE_HEALTH_INTERVAL: ms(app.health.interval),
      SLUICE_HEALTH_TIMEOUT: ms(app.health.timeout),
      SLUICE_HEALTH_START_DELAY: ms(app.health.startDelay),
      SLUICE_HEALTH_RETRIES: String(app.health.retries),
    });
  if (args.smoke !== undefined)
    add('smoke', args.smoke.deployment, app.timeouts.health, {
      SLUICE_SMOKE_RETRIES: String(app.smoke.retries),
      SLUICE_SMOKE_INTERVAL: ms(app.smoke.interval),
      SLUICE_SMOKE_ON_FAILURE: app.smoke.onFailure,
    });
  if (args.record !== undefined)
    add('record', args.record.deployment, app.timeouts.health, {
      SLUICE_BACKUP_PREFIX: app.database?.backup.enabled === true ? app.database.backup.prefix : undefined,
    });
  return planned;
};

/** Whether the schema changes before the new slot's tasks start, or between their start and the traffic. */
export const migratesBeforeStart = (database: App['database']): boolean =>
  database?.migrations.when === 'besideBuild' || database?.migrations.when === 'beforeBuild';
