import { journalKey } from '../../release/adapters/journal.ts';
import { recordKey } from '../../release/core/records/names.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';

export interface Stores {
  readonly record: ObjectStore;
  readonly lease: ObjectStore;
}

/** Where the results of a deployment's smoke tests are kept until its record is written. */
export const smokeKey = (environment: string, deployment: string): string =>
  `markers/${environment}/${deployment}/smoke.json`;

/**
 * Why there is nothing to do for a deployment: its record is there, or the engine walks through it and tests and records it
 * itself. Undefined: a plain update makes it.
 */
export const doneByOthers = async (
  { record, lease }: Stores,
  environment: string,
  deployment: string,
): Promise<string | undefined> => {
  const [kept, walked] = await Promise.all([
    record.get(recordKey(environment, deployment)),
    lease.get(journalKey(environment, deployment)),
  ]);
  if (kept !== undefined) return `the record of ${deployment} is there: nothing to do`;
  return walked === undefined ? undefined : `${deployment} is walked through by the engine: nothing to do`;
};
