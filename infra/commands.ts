import type * as pulumi from '@pulumi/pulumi';
import type { Buckets } from '../components/buckets.ts';
import { DatabaseCommand } from '../components/database-command.ts';
import {
  planCommands,
  type CommandsPlanArgs,
  type PlannedCommand,
} from '../components/database-command.plan.ts';
import type { Release, Slot } from '../config/release.types.ts';
import type { SlotName } from '../config/types.ts';
import type { DatabaseSecrets } from './database-secrets.ts';
import type { Settings } from './settings.ts';

export interface CommandSurroundings {
  readonly settings: Settings;
  readonly release: Release;
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
  readonly databaseSecrets: DatabaseSecrets;
  readonly buckets: Buckets;
  /** What commands are told beside, by the target: where a task runs. */
  readonly place: Values;
}

export type Values = Record<string, pulumi.Input<string> | undefined>;

const given = (values: Values): Record<string, pulumi.Input<string>> =>
  Object.fromEntries(
    Object.entries(values).filter((e): e is [string, pulumi.Input<string>] => e[1] !== undefined),
  );

const plannedOf = (
  around: CommandSurroundings,
  what: Pick<CommandsPlanArgs, 'backup' | 'schema' | 'verify'>,
): PlannedCommand | undefined => planCommands({ app: around.settings.app, ...what })[0];

/** Region of buckets and secrets, and what the target adds. */
const placeOf = ({ settings, place }: CommandSurroundings): Values => ({
  AWS_REGION: settings.region,
  ...place,
});

export const declareBackup = (around: CommandSurroundings): DatabaseCommand | undefined => {
  const { release, buckets, databaseSecrets } = around;
  const planned = plannedOf(around, { backup: release.backup });
  if (planned === undefined) return undefined;
  const environment = given({
    SLUICE_BACKUP_BUCKET: buckets.names.backup,
    SLUICE_DATABASE_SECRET: databaseSecrets.url,
    SLUICE_SCRATCH_SECRET: databaseSecrets.scratchUrl,
    ...placeOf(around),
  });
  return new DatabaseCommand('backup', { planned, environment, after: buckets.ready });
};

export const declareMigration = (
  around: CommandSurroundings,
  backup: DatabaseCommand | undefined,
  after: readonly pulumi.Resource[],
): DatabaseCommand | undefined => {
  const { release, buckets, databaseSecrets } = around;
  const planned = plannedOf(around, { schema: release.schema });
  if (planned === undefined) return undefined;
  const environment = given({
    SLUICE_RECORD_BUCKET: buckets.names.record,
    SLUICE_DATABASE_SECRET: databaseSecrets.url,
    ...placeOf(around),
  });
  // Nothing in the database changes before its backup was restored and compared.
  const saved = backup === undefined ? [] : [backup.command];
  return new DatabaseCommand('migrate', {
    planned,
    environment,
    after: [...buckets.ready, ...saved, ...after],
  });
};

/**
 * Whether the program brought this release in by itself: always where the rollout is direct, otherwise the first one of
 * a stack, until the engine writes another. Nobody else asks then whether it is healthy.
 */
export const deploysItself = ({
  settings,
  release,
}: Pick<CommandSurroundings, 'settings' | 'release'>): boolean =>
  settings.app.rollout === 'direct' || (settings.release === undefined && release.replaces === null);

/** What a slot that gets the traffic is asked where the program deploys by itself, as `sluice task verify` reads it. */
export interface Verification {
  readonly slot: Slot;
  /** Variables that hold what is asked, e.g. `SLUICE_HEALTH_TARGETS`. */
  readonly environment: Record<string, pulumi.Input<string>>;
  readonly after: readonly pulumi.Resource[];
}

/** Health of the slot that gets the traffic, asked before any rule changes. */
export const declareVerification = (
  around: CommandSurroundings,
  { slot, environment, after }: Verification,
): DatabaseCommand | undefined => {
  const planned = plannedOf(around, { verify: slot });
  if (planned === undefined) return undefined;
  return new DatabaseCommand('verify', { planned, environment, after });
};
