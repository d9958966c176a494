import { ExpectedError, messageOf } from '../../lib/errors.ts';
import type { Address } from '../../release/adapters/database/address.ts';
import type { BackupStore, StoredDump } from '../../release/adapters/database/backup-store.ts';
import { differences } from '../../release/adapters/database/compare.ts';
import { readDump } from '../../release/adapters/database/dump-reader.ts';
import { type DatabaseFingerprint, fingerprint } from '../../release/adapters/database/fingerprint.ts';
import { loadDump } from '../../release/adapters/database/load.ts';
import { type Measure, unpackDump } from '../../release/adapters/database/packed.ts';
import { databaseName, type Locale, withScratch } from '../../release/adapters/database/scratch.ts';
import { withClient } from '../../release/adapters/database/session.ts';
import type { Snapshot } from '../../release/adapters/database/snapshot.ts';
import { seconds, type Task } from './task.ts';

/** A backup that lies in the bucket and is to be shown good. */
export interface Stored {
  readonly deployment: string;
  readonly environment: string;
  readonly store: BackupStore;
  readonly dump: StoredDump;
  /** What was sent. */
  readonly sent: Measure;
}

export interface Verdict {
  /** Empty: the backup is good. */
  readonly differences: readonly string[];
  readonly skipped: readonly string[];
  readonly restoreMs: number;
  readonly compareMs: number;
  readonly original: DatabaseFingerprint;
}

type ReadBack<T> = { readonly result: T } | { readonly problem: string };

/** Reads the very version that was uploaded; what is wrong with it is a finding, not a failure of the task. */
const readBack = async <T>(
  { deployment, store, dump, sent }: Stored,
  signal: AbortSignal,
  use: (plain: AsyncIterable<Buffer>) => Promise<T>,
): Promise<ReadBack<T>> => {
  const body = await store.download(deployment, dump.versionId, signal);
  try {
    const read = await unpackDump(body, signal, use);
    if (read.packed.sha256 === sent.sha256) return { result: read.result };
    return { problem: `the stored object has sha256 ${read.packed.sha256} instead of ${sent.sha256}` };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExpectedError) throw error;
    return { problem: `the stored object cannot be restored: ${messageOf(error)}` };
  }
};

/** Read back, unpacked and read as a dump, without a database to restore it into. */
export const verifyChecksum = async (stored: Stored, snapshot: Snapshot, task: Task): Promise<Verdict> => {
  const began = task.clock.now();
  const original = await snapshot.fingerprint();
  await snapshot.end();
  const read = await readBack(stored, task.signal, async (plain) => {
    for await (const item of readDump(plain))
      if (item.kind === 'copy') for await (const chunk of item.data) void chunk;
  });
  return {
    differences: 'problem' in read ? [read.problem] : [],
    skipped: [],
    restoreMs: task.clock.now() - began,
    compareMs: 0,
    original,
  };
};

/** Read back, restored into a database of its own on `server`, and compared with the snapshot it was taken from. */
export const verifyByRestore = async (
  stored: Stored,
  snapshot: Snapshot,
  server: Address,
  locale: Locale,
  task: Task,
): Promise<Verdict> => {
  const { signal, log, clock } = task;
  const name = databaseName('sluice_scratch', stored.environment, stored.deployment);
  log(`restoring the stored backup into the scratch database ${name} on ${server.host}`);
  return withScratch(server, name, locale, signal, async (scratch) => {
    const began = clock.now();
    const both = await Promise.allSettled([
      readOriginal(snapshot),
      readBack(stored, signal, (plain) =>
        withClient(scratch, signal, (client) => loadDump(plain, client, signal)),
      ),
    ]);
    signal.throwIfAborted();
    const original = valueOf(both[0]);
    const restored = valueOf(both[1]);
    const restoreMs = clock.now() - began;
    if ('problem' in restored)
      return { differences: [restored.problem], skipped: [], restoreMs, compareMs: 0, original };
    log(`restored in ${seconds(restoreMs)}; comparing`);
    const copy = await withClient(scratch, signal, fingerprint);
    const found = differences(original, copy, snapshot.sequencesBefore);
    const compareMs = clock.now() - began - restoreMs;
    log(
      `compared ${original.tables.length} tables and ${original.schema.length} definitions in ${seconds(compareMs)}: ${found.length} differences`,
    );
    return { differences: found, skipped: restored.result.skipped, restoreMs, compareMs, original };
  });
};

/** The original is read while the copy is restored, and let go as soon as that is done. */
const readOriginal = async (snapshot: Snapshot): Promise<DatabaseFingerprint> => {
  const original = await snapshot.fingerprint();
  await snapshot.end();
  return original;
};

const valueOf = <T>(settled: PromiseSettledResult<T>): T => {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
};
