import type { S3Client } from '@aws-sdk/client-s3';
import type { Client } from 'pg';
import type { SecretReference } from '../../config/release.types.ts';
import { EXIT, ExpectedError, messageOf, refused } from '../../lib/errors.ts';
import { type Address, describeAddress } from '../../release/adapters/database/address.ts';
import type { BackupMetadata } from '../../release/adapters/database/backup-metadata.ts';
import {
  type BackupStore,
  backupStore,
  type Lock,
  type StoredDump,
} from '../../release/adapters/database/backup-store.ts';
import { startDump } from '../../release/adapters/database/dump.ts';
import { appliedMigrations } from '../../release/adapters/database/migrations.ts';
import { packDump } from '../../release/adapters/database/packed.ts';
import { localeOf } from '../../release/adapters/database/scratch.ts';
import { rows, serverVersion, withClient } from '../../release/adapters/database/session.ts';
import { takeSnapshot } from '../../release/adapters/database/snapshot.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import { type Stored, verifyByRestore, verifyChecksum } from './backup-verify.ts';
import { reader, VARIABLES } from './environment.ts';
import { megabytes, runTask, seconds, type Task, type TaskPorts } from './task.ts';

/** What is backed up, and where to. */
export interface BackupInput {
  readonly application: string;
  readonly environment: string;
  readonly deployment: string;
  readonly directory: string;
  readonly timeout: number | undefined;
  readonly bucket: string;
  readonly prefix: string;
  readonly verify: 'scratch' | 'checksum';
  readonly lock: 'governance' | 'compliance' | 'none';
  /** How long a verified backup is locked, ms. */
  readonly retention: number | undefined;
  /** Locks it so while it is uploaded: it is kept shorter than the bucket's own lock says. */
  readonly lockedFromStart?: boolean;
  readonly database: SecretReference;
  /** Server of the scratch database, where it is another one. */
  readonly scratch: SecretReference | undefined;
  /** `wasm`: leave an installed pg_dump alone. */
  readonly tool?: 'any' | 'wasm';
}

const LISTED = 20;

export const readBackupInput = (env: TaskPorts['env']): BackupInput => {
  const read = reader('backup', env);
  const environment = read.text(VARIABLES.environment, 'the name of the environment');
  const lock = read.choice(VARIABLES.backupLock, ['governance', 'compliance', 'none'], 'none');
  const retention = read.whole(VARIABLES.backupRetention, undefined, 1);
  if (lock !== 'none' && retention === undefined)
    read.problem({
      path: VARIABLES.backupRetention,
      reason: `is missing: the lock is ${lock}`,
      allowed: 'milliseconds',
    });
  const input: BackupInput = {
    application: read.text(VARIABLES.application, 'the application’s name'),
    environment,
    deployment: read.deployment(),
    directory: read.optional(VARIABLES.directory) ?? '.sluice',
    timeout: read.whole(VARIABLES.timeout, undefined, 1),
    bucket: read.text(VARIABLES.backupBucket, 'the bucket for backups'),
    prefix: read.optional(VARIABLES.backupPrefix) ?? environment,
    verify: read.choice(VARIABLES.backupVerify, ['scratch', 'checksum'], 'scratch'),
    lock,
    retention,
    database: read.secret(VARIABLES.databaseSecret, 'where the database’s URL is kept'),
    scratch: read.optionalSecret(VARIABLES.scratchSecret),
  };
  read.done();
  return input;
};

/** `sluice task backup`: reads everything from the environment. */
export const runBackup = (ports: TaskPorts): Promise<BackupMetadata> =>
  backUp(readBackupInput(ports.env), ports, s3Client(ports.env));

/**
 * Takes a deployment's backup: dump, compress, upload, read back, restore into a scratch database, compare. Resolves
 * to its metadata; ends at once when a verified backup of this deployment is there. Throws `ExpectedError` (exit 5)
 * when the backup cannot be relied on; the metadata then says why.
 */
export const backUp = (input: BackupInput, ports: TaskPorts, client: S3Client): Promise<BackupMetadata> =>
  runTask({ ...input, kind: 'backup' }, ports, async (task) => {
    const store = backupStore(client, input.bucket, input.prefix);
    const there = await alreadyThere(input, store, task);
    if (there !== undefined) return there;
    const source = await task.database(input.database);
    const server = input.scratch === undefined ? source : await task.database(input.scratch);
    return withClient(source, task.signal, (session) =>
      take({ input, task, store, source, server }, session),
    );
  });

const alreadyThere = async (
  input: BackupInput,
  store: BackupStore,
  task: Task,
): Promise<BackupMetadata | undefined> => {
  const found = await store.metadata(input.deployment);
  if (found === undefined) return undefined;
  if (found.environment !== input.environment || found.application !== input.application)
    throw refused(
      `${found.location} is a backup of ${found.application} ${found.environment}, not of ${input.application} ${input.environment}`,
      `set another database.backup.prefix`,
    );
  if (!found.verified) return undefined;
  const dump = await store.stat(input.deployment);
  if (dump?.size !== found.size) return undefined;
  task.log(`a verified backup of ${input.deployment} is there since ${found.finishedAt}: nothing to do`);
  return found;
};

interface Work {
  readonly input: BackupInput;
  readonly task: Task;
  readonly store: BackupStore;
  readonly source: Address;
  /** Where the scratch database goes. */
  readonly server: Address;
}

/** What is known before the dump ends. */
type Beginning = Omit<
  BackupMetadata,
  | 'finishedAt'
  | 'size'
  | 'uncompressedSize'
  | 'sha256'
  | 'tables'
  | 'verified'
  | 'verification'
  | 'durations'
  | 'lockedUntil'
>;

const take = async (work: Work, session: Client): Promise<BackupMetadata> => {
  const { input, task, store, source } = work;
  const { clock, log, signal } = task;
  const began = clock.now();
  const version = await serverVersion(session);
  const locale = await localeOf(session);
  const bytes = await databaseSize(session);
  const migrations = await appliedMigrations(session);
  const snapshot = await takeSnapshot(session);
  const timestamp = new Date(clock.now()).toISOString();
  log(`backup of ${describeAddress(source)} (PostgreSQL ${version.text}, ${megabytes(bytes)}) begins`);
  const instead = await store.stat(input.deployment);
  const dump = await startDump({
    address: source,
    serverMajor: version.major,
    snapshot: snapshot.name,
    signal,
    tool: input.tool ?? 'any',
  });
  const beginning: Beginning = {
    format: 1,
    application: input.application,
    environment: input.environment,
    deployment: input.deployment,
    location: store.location(input.deployment),
    timestamp,
    database: source.database,
    server: version.text,
    tool: dump.tool,
    migrations,
  };
  const started = clock.now();
  const packed = await packDump(dump, signal, (body) =>
    store.upload(input.deployment, body, {
      instead,
      expectedBytes: bytes,
      signal,
      ...(input.lockedFromStart === true ? { lock: lockOf(input, clock.now()) } : {}),
    }),
  ).catch(async (error: unknown) => {
    await noteSpoilt(work, beginning, error, clock.now() - began);
    throw error;
  });
  const dumpAndUpload = clock.now() - started;
  log(
    `dumped with ${dump.tool}: ${megabytes(packed.uncompressedSize)}, packed ${megabytes(packed.packed.size)}, sha256 ${packed.packed.sha256}, uploaded to ${beginning.location} in ${seconds(dumpAndUpload)}`,
  );
  const stored: Stored = {
    deployment: input.deployment,
    environment: input.environment,
    store,
    dump: packed.result,
    sent: packed.packed,
  };
  const verdict =
    input.verify === 'checksum'
      ? await verifyChecksum(stored, snapshot, task)
      : await verifyByRestore(stored, snapshot, work.server, locale, task);
  const durations = {
    dumpAndUpload,
    restore: verdict.restoreMs,
    compare: verdict.compareMs,
    total: clock.now() - began,
  };
  return conclude(work, packed.result, {
    ...beginning,
    finishedAt: new Date(clock.now()).toISOString(),
    size: packed.packed.size,
    uncompressedSize: packed.uncompressedSize,
    sha256: packed.packed.sha256,
    tables: verdict.original.tables.map((t) => ({ ...t })),
    verified: verdict.differences.length === 0,
    verification: {
      how: input.verify,
      differences: verdict.differences.slice(0, LISTED),
      more: Math.max(0, verdict.differences.length - LISTED),
      skipped: verdict.skipped.slice(0, LISTED),
    },
    durations,
  });
};

const databaseSize = async (session: Client): Promise<number> => {
  const [size] = await rows<{ bytes: string }>(
    session,
    'SELECT pg_database_size(current_database())::text AS bytes',
  );
  return Number(size?.bytes ?? 0);
};

const lockOf = ({ lock, retention }: BackupInput, now: number): Lock | undefined =>
  lock === 'none' || retention === undefined
    ? undefined
    : { mode: lock === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE', until: now + retention };

/** Keeps the metadata, locks a good backup, and throws for one that is not. */
const conclude = async (
  { input, task, store }: Work,
  dump: StoredDump,
  found: BackupMetadata,
): Promise<BackupMetadata> => {
  // A bad backup is not worth locking for a year.
  const lock = found.verified ? lockOf(input, task.clock.now()) : undefined;
  const until = lock === undefined ? undefined : new Date(lock.until).toISOString();
  const metadata: BackupMetadata = { ...found, ...(until === undefined ? {} : { lockedUntil: until }) };
  if (lock !== undefined) await store.lock(input.deployment, dump, lock);
  await store.save(metadata, lock);
  if (!metadata.verified) throw notReliable(metadata);
  task.log(
    `verified (${metadata.verification.how}) in ${seconds(metadata.durations.total)}${until === undefined ? '' : `, locked until ${until}`}`,
  );
  return metadata;
};

/** A dump or upload that broke off: the metadata says so, where it can still be written. */
const noteSpoilt = async (
  { input, task, store }: Work,
  beginning: Beginning,
  error: unknown,
  total: number,
): Promise<void> => {
  // Another process that was faster has metadata of its own.
  if (error instanceof ExpectedError && error.exit === EXIT.refused) return;
  const reason = task.hidden.text(messageOf(error));
  const metadata: BackupMetadata = {
    ...beginning,
    finishedAt: new Date(task.clock.now()).toISOString(),
    size: 0,
    uncompressedSize: 0,
    sha256: '',
    tables: [],
    verified: false,
    verification: { how: input.verify, differences: [reason], more: 0, skipped: [] },
    durations: { dumpAndUpload: total, restore: 0, compare: 0, total },
  };
  await store
    .save(metadata, undefined)
    .catch((e: unknown) => task.log(`the metadata could not be written either: ${messageOf(e)}`));
};

const notReliable = ({ deployment, verification }: BackupMetadata): ExpectedError =>
  new ExpectedError(
    [
      `the backup of ${deployment} cannot be relied on; the database was not touched`,
      ...verification.differences.map((d) => `  ${d}`),
      ...(verification.more > 0 ? [`  and ${verification.more} more differences`] : []),
    ].join('\n'),
    {
      exit: EXIT.personNeeded,
      hint: 'find out why, then run the deployment again: the backup is taken anew',
    },
  );
