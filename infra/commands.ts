import * as pulumi from '@pulumi/pulumi';
import type { Buckets } from '../components/buckets.ts';
import { DatabaseCommand } from '../components/database-command.ts';
import {
  planCommands,
  type CommandsPlanArgs,
  type PlannedCommand,
} from '../components/database-command.plan.ts';
import type { Network } from '../components/network.ts';
import { PREVIEW_HEADER } from '../components/service-slot.ts';
import type { Release } from '../config/release.types.ts';
import type { SlotName } from '../config/types.ts';
import { liveSlot } from '../release/core/release.ts';
import type { ServiceOfSlot } from './slots.ts';
import type { DatabaseSecrets } from './database-secrets.ts';
import type { Settings } from './settings.ts';

export interface CommandSurroundings {
  readonly settings: Settings;
  readonly release: Release;
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
  readonly databaseSecrets: DatabaseSecrets;
  readonly buckets: Buckets;
  readonly network: Network;
  readonly clusterArn: pulumi.Input<string>;
  readonly url: pulumi.Output<string>;
}

type Values = Record<string, pulumi.Input<string> | undefined>;

const given = (values: Values): Record<string, pulumi.Input<string>> =>
  Object.fromEntries(
    Object.entries(values).filter((e): e is [string, pulumi.Input<string>] => e[1] !== undefined),
  );

const plannedOf = (
  around: CommandSurroundings,
  what: Pick<CommandsPlanArgs, 'backup' | 'schema' | 'verify'>,
): PlannedCommand | undefined => planCommands({ app: around.settings.app, ...what })[0];

/** Region of buckets and secrets; and where a task runs: a private database is out of the runner's reach. */
const placeOf = ({ settings, network, clusterArn }: CommandSurroundings): Values => ({
  AWS_REGION: settings.region,
  ...(settings.app.database?.runs === 'task'
    ? { SLUICE_CLUSTER: clusterArn, SLUICE_SUBNETS: network.taskSubnetIds.apply((ids) => ids.join(',')) }
    : {}),
});

export const declareBackup = (around: CommandSurroundings): DatabaseCommand | undefined => {
  const { release, buckets, databaseSecrets } = around;
  const planned = plannedOf(around, { backup: release.backup, schema: undefined, verify: undefined });
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
  const planned = plannedOf(around, { backup: undefined, schema: release.schema, verify: undefined });
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

/** `direct`: health of the slot that gets the traffic, asked through its preview rule before any rule changes. */
export const declareVerification = (
  around: CommandSurroundings,
  services: readonly ServiceOfSlot[],
): DatabaseCommand | undefined => {
  const { settings, release, url } = around;
  const live = liveSlot(release);
  const slot = live === undefined ? undefined : release.slots[live];
  const token = live === undefined ? undefined : around.tokens[live];
  if (settings.app.rollout !== 'direct' || slot === undefined || token === undefined) return undefined;
  const planned = plannedOf(around, { backup: undefined, schema: undefined, verify: slot });
  if (planned === undefined) return undefined;
  const targets = pulumi.all([url, token]).apply(([address, value]) =>
    JSON.stringify(
      Object.entries(slot.services)
        .filter(([, s]) => s.kind === 'web')
        .map(([service, s]) => ({
          service,
          url: `${address}${s.health.publicPath}`,
          critical: s.critical,
          version: s.health.version ? slot.version : null,
          headers: { [PREVIEW_HEADER]: value },
        })),
    ),
  );
  return new DatabaseCommand('verify', {
    planned,
    environment: { SLUICE_HEALTH_TARGETS: pulumi.secret(targets) },
    after: services.filter((s) => s.slot === live).map(({ made }) => made.service),
  });
};
