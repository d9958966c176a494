import { hostname, userInfo } from 'node:os';
import { z } from 'zod';
import { badInput } from '../../lib/errors.ts';
import { backupStore } from '../../release/adapters/database/backup-store.ts';
import { s3Objects } from '../../release/adapters/objects.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import type { SmokeCase } from '../../release/core/engine/types.ts';
import { directRecord, type DirectFacts, type DirectFound } from '../../release/core/records/direct.ts';
import { recordKey } from '../../release/core/records/names.ts';
import { serialiseRecord } from '../../release/core/records/parse.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import { doneByOthers, smokeKey, type Stores } from './by-itself.ts';
import { reader, VARIABLES } from './environment.ts';
import { migrationMarkerKey } from './migrate.ts';
import { runTask, type TaskPorts } from './task.ts';

const factsSchema: z.ZodType<DirectFacts> = z.object({
  application: z.string(),
  environment: z.string(),
  deployment: z.string(),
  version: z.string(),
  images: z.record(z.string(), z.string()),
  asked: z.array(z.string()),
  serial: z.number(),
  replaces: z.number().nullable(),
  window: z.number(),
  team: z.string(),
  onCall: z.string(),
});

export interface RecordInput {
  readonly deployment: string;
  readonly directory: string;
  readonly timeout: number | undefined;
  readonly facts: DirectFacts;
  /** Of the backup that was taken, where one was. */
  readonly backup: DirectFound['backup'];
}

const parsed = (text: string): DirectFacts => {
  const facts = factsSchema.safeParse(text === '' ? undefined : JSON.parse(text));
  if (facts.success) return facts.data;
  throw badInput('sluice task record cannot start:', [
    { path: VARIABLES.releaseFacts, reason: facts.error.issues.map((i) => i.path.join('.')).join(', ') },
  ]);
};

/** `sluice task record`: reads everything from the environment. */
export const runRecord = async (ports: TaskPorts): Promise<DeploymentRecord | undefined> => {
  const read = reader('record', ports.env);
  const text = read.text(VARIABLES.releaseFacts, 'what the update knows of the deployment');
  const record = read.text(VARIABLES.recordBucket, 'the bucket for records');
  const lease = read.text(VARIABLES.leaseBucket, 'the bucket with the journals');
  const backups = read.optional(VARIABLES.backupBucket);
  const prefix = read.optional(VARIABLES.backupPrefix);
  const deployment = read.deployment();
  const directory = read.optional(VARIABLES.directory) ?? '.sluice';
  const timeout = read.whole(VARIABLES.timeout, undefined, 1);
  read.done();
  const client = s3Client(ports.env);
  const stores = { record: s3Objects(record, client), lease: s3Objects(lease, client) };
  const store =
    backups === undefined || prefix === undefined ? undefined : backupStore(client, backups, prefix);
  const taken = await store?.metadata(deployment);
  const backup =
    store === undefined || taken === undefined
      ? undefined
      : { location: store.location(deployment), timestamp: taken.finishedAt };
  return keepRecord({ deployment, directory, timeout, facts: parsed(text), backup }, ports, stores);
};

const json = async (store: Stores['record'], key: string): Promise<unknown> => {
  const found = await store.get(key);
  return found === undefined ? undefined : (JSON.parse(found.body) as unknown);
};

/** Writes the record of a deployment that a plain update has carried out, once. Undefined: others have, or will. */
export const keepRecord = (
  { facts, backup, ...input }: RecordInput,
  ports: Omit<TaskPorts, 'secrets'>,
  stores: Stores,
): Promise<DeploymentRecord | undefined> =>
  runTask({ ...input, kind: 'record' }, ports, async (task) => {
    const { environment, deployment } = facts;
    const others = await doneByOthers(stores, environment, deployment);
    if (others !== undefined) {
      task.log(others);
      return undefined;
    }
    const [smoke, migration] = await Promise.all([
      json(stores.record, smokeKey(environment, deployment)) as Promise<
        { readonly cases: readonly SmokeCase[] } | undefined
      >,
      json(stores.record, migrationMarkerKey(environment, deployment)) as Promise<DirectFound['migration']>,
    ]);
    const found: DirectFound = {
      smoke: smoke?.cases,
      migration,
      backup,
      by: ports.env['GITHUB_ACTOR'] ?? userInfo().username,
      where: ports.env['GITHUB_RUN_ID'] === undefined ? hostname() : `run ${ports.env['GITHUB_RUN_ID']}`,
    };
    const record = directRecord(facts, found, task.clock.now());
    await stores.record.put(recordKey(environment, deployment), serialiseRecord(record), null);
    task.log(`the record of ${deployment} is kept: ${facts.version} in ${environment}`);
    return record;
  });
