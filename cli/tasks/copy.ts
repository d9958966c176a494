import type { Address } from '../../release/adapters/database/address.ts';
import type { BackupMetadata } from '../../release/adapters/database/backup-metadata.ts';
import type { BackupStore } from '../../release/adapters/database/backup-store.ts';
import { loadDump } from '../../release/adapters/database/load.ts';
import { unpackDump } from '../../release/adapters/database/packed.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import { checkedDump } from './restore.ts';
import type { Task } from './task.ts';

export interface FoundBackup {
  readonly store: BackupStore;
  readonly backup: BackupMetadata;
}

/** The newest good backup in any of the stores. */
export const newestBackup = async (stores: readonly BackupStore[]): Promise<FoundBackup | undefined> => {
  const found: FoundBackup[] = [];
  for (const store of stores)
    for (const deployment of (await store.deployments()).toReversed()) {
      const backup = await store.metadata(deployment);
      if (backup?.verified !== true) continue;
      found.push({ store, backup });
      break;
    }
  return found.toSorted((a, b) => b.backup.timestamp.localeCompare(a.backup.timestamp))[0];
};

/** Checks a backup's sum and loads it into an empty database. */
export const loadBackup = async (
  { store, backup }: FoundBackup,
  into: Address,
  task: Task,
): Promise<void> => {
  const dump = await checkedDump(backup, store, task);
  const body = await store.download(backup.deployment, dump.versionId, task.signal);
  const { result } = await unpackDump(body, task.signal, (plain) =>
    withClient(into, task.signal, (c) => loadDump(plain, c, task.signal)),
  );
  for (const line of result.skipped) task.log(`left out, its role is not here: ${line}`);
};
