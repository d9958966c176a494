import { parseReleaseText } from '../../config/release.ts';
import { parseRecord } from '../core/records/parse.ts';
import { recordKey, releaseKey } from '../core/records/names.ts';
import type { DeploymentRecord } from '../core/records/schema.ts';
import { summaryOf, type RecordSummary } from '../core/records/summary.ts';
import type { Release } from '../../config/release.types.ts';
import type { ObjectStore } from '../ports/objects.ts';

/** Records and completed releases of one environment, as the record bucket has them. */
export interface Records {
  read(deployment: string): Promise<DeploymentRecord | undefined>;
  /** Newest first. Throws (exit 3) on a damaged one, naming it. */
  summaries(): Promise<readonly RecordSummary[]>;
  /** The release of a completed update. */
  release(serial: number): Promise<Release | undefined>;
  /** A text kept under a key: a log, a document. */
  text(key: string): Promise<string | undefined>;
  /** Keeps a text under a key; the same text twice is one. */
  keep(key: string, body: string): Promise<void>;
}

export const recordStore = (objects: ObjectStore, environment: string): Records => {
  const load = async (key: string): Promise<DeploymentRecord | undefined> => {
    const found = await objects.get(key);
    return found === undefined ? undefined : parseRecord(found.body, key);
  };
  return {
    read: (deployment) => load(recordKey(environment, deployment)),
    summaries: async () => {
      const keys = await objects.list(`records/${environment}/`);
      const records = await Promise.all(keys.filter((k) => k.endsWith('.json')).map(load));
      return records
        .flatMap((r) => (r === undefined ? [] : [summaryOf(r)]))
        .toSorted((a, b) => b.finishedAt - a.finishedAt);
    },
    release: async (serial) => {
      const found = await objects.get(releaseKey(environment, serial));
      return found === undefined ? undefined : parseReleaseText(found.body, releaseKey(environment, serial));
    },
    text: async (key) => (await objects.get(key))?.body,
    keep: async (key, body) => {
      if ((await objects.put(key, body, null)) !== undefined) return;
      const there = await objects.get(key);
      if (there?.body !== body) await objects.put(key, body);
    },
  };
};
