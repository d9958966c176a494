import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretReference } from '../../config/release.types.ts';
import { refused } from '../../lib/errors.ts';
import type { BackupMetadata } from '../../release/adapters/database/backup-metadata.ts';
import { type BackupStore, backupStore } from '../../release/adapters/database/backup-store.ts';
import { contentDifferences } from '../../release/adapters/database/compare.ts';
import { fingerprint } from '../../release/adapters/database/fingerprint.ts';
import { loadDump } from '../../release/adapters/database/load.ts';
import { unpackDump } from '../../release/adapters/database/packed.ts';
import { databaseName, localeOf, withScratch } from '../../release/adapters/database/scratch.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import { checkedDump } from './restore.ts';
import { megabytes, runTask, seconds, type Task, type TaskPorts } from './task.ts';

export interface DrillInput {
  readonly application: string;
  readonly environment: string;
  readonly directory: string;
  readonly bucket: string;
  /** Where backups lie: before migrations, and by schedule. */
  readonly prefixes: readonly string[];
  readonly database: SecretReference;
}

/** What a restore drill showed; times in ms. */
export interface Drilled {
  readonly deployment: string;
  readonly location: string;
  /** The moment the backup shows, ISO 8601. */
  readonly timestamp: string;
  readonly size: number;
  readonly uncompressedSize: number;
  readonly tables: number;
  /** From the command until the data were there again and found equal. */
  readonly rtoMs: number;
  /** What would be lost now: age of the newest good backup. */
  readonly rpoMs: number;
  /** The longest time between two good backups, the newest one and now included. */
  readonly worstGapMs: number;
  readonly differences: readonly string[];
}

interface Found {
  readonly store: BackupStore;
  readonly backup: BackupMetadata;
}

const goodBackups = async (input: DrillInput, client: S3Client): Promise<Found[]> => {
  const lists = await Promise.all(
    input.prefixes.map(async (prefix) => {
      const store = backupStore(client, input.bucket, prefix);
      const all = await Promise.all((await store.deployments()).map((d) => store.metadata(d)));
      return all.flatMap((backup) => (backup?.verified === true ? [{ store, backup }] : []));
    }),
  );
  return lists.flat().toSorted((a, b) => b.backup.timestamp.localeCompare(a.backup.timestamp));
};

const worstGap = (backups: readonly Found[], now: number): number => {
  const times = [now, ...backups.map((b) => Date.parse(b.backup.timestamp))];
  return Math.max(...times.slice(1).map((at, i) => (times[i] ?? now) - at));
};

/**
 * Restores the newest good backup into a database beside the application's, holds it against the backup's metadata
 * and drops it again: the application is not touched. Throws exit 3 where there is no backup, exit 5 where it is
 * damaged.
 */
export const restoreDrill = (input: DrillInput, ports: TaskPorts, client: S3Client): Promise<Drilled> => {
  const now = ports.clock.now();
  const deployment = `${Math.floor(now / 1_000)}-${'0'.repeat(12)}`;
  return runTask({ ...input, deployment, timeout: undefined, kind: 'restore' }, ports, async (task) => {
    const backups = await goodBackups(input, client);
    const [newest] = backups;
    if (newest === undefined)
      throw refused(
        `${input.environment} has no good backup to restore`,
        `sluice backup create --stack ${input.environment}`,
      );
    const { backup, store } = newest;
    const rpoMs = now - Date.parse(backup.timestamp);
    task.log(`drill: the newest of ${backups.length} good backups is ${seconds(rpoMs)} old`);
    const dump = await checkedDump(backup, store, task);
    const differences = await fill(input, { backup, store }, dump.versionId, task);
    const rtoMs = task.clock.now() - now;
    task.log(`drill: ${megabytes(backup.uncompressedSize)} were back after ${seconds(rtoMs)}`);
    return {
      deployment: backup.deployment,
      location: backup.location,
      timestamp: backup.timestamp,
      size: backup.size,
      uncompressedSize: backup.uncompressedSize,
      tables: backup.tables.length,
      rtoMs,
      rpoMs,
      worstGapMs: worstGap(backups, now),
      differences,
    };
  });
};

const fill = async (
  input: DrillInput,
  { backup, store }: Found,
  versionId: string | undefined,
  task: Task,
): Promise<readonly string[]> => {
  const { signal } = task;
  const server = await task.database(input.database);
  const locale = await withClient(server, signal, localeOf);
  const name = databaseName('sluice_drill', input.environment, String(task.clock.now()));
  return withScratch(server, name, locale, signal, async (scratch) => {
    const body = await store.download(backup.deployment, versionId, signal);
    await unpackDump(body, signal, (plain) => withClient(scratch, signal, (c) => loadDump(plain, c, signal)));
    const copy = await withClient(scratch, signal, fingerprint);
    return contentDifferences(backup.tables, copy.tables);
  });
};
