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
  /** Records that ended at or after `since` (ms), newest first. Throws (exit 3) on a damaged one, naming it. */
  all(since?: number): Promise<readonly DeploymentRecord[]>;
  /** Newest first. Throws (exit 3) on a damaged one, naming it. */
  summaries(): Promise<readonly RecordSummary[]>;
  /** The release of a completed update. */
  release(serial: number): Promise<Release | undefined>;
  /** A text kept under a key: a log, a document. */
  text(key: string): Promise<string | undefined>;
  /** Keeps a text under a key; the same text twice is one. */
  keep(key: string, body: string): Promise<void>;
}

const AT_ONCE = 64;
/** Longer than any deployment lasts: approvals wait up to 30 days. */
const LONGEST_MS = 45 * 86_400_000;

/** A deployment's id begins with the second it began in: what began long before is not even read. */
const mayEndAfter = (key: string, since: number): boolean => {
  const began = /\/(\d{9,11})-[^/]*$/.exec(key)?.[1];
  return began === undefined || Number(began) * 1_000 + LONGEST_MS >= since;
};

export const recordStore = (objects: ObjectStore, environment: string): Records => {
  const load = async (key: string): Promise<DeploymentRecord | undefined> => {
    const found = await objects.get(key);
    return found === undefined ? undefined : parseRecord(found.body, key);
  };
  const all: Records['all'] = async (since = 0) => {
    const listed = await objects.list(`records/${environment}/`);
    const keys = listed.filter((key) => key.endsWith('.json') && mayEndAfter(key, since));
    const records: DeploymentRecord[] = [];
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const some = await Promise.all(keys.slice(at, at + AT_ONCE).map(load));
      records.push(...some.filter((r) => r !== undefined));
    }
    const ended = (r: DeploymentRecord): number => Date.parse(r.finished_at);
    return records.filter((r) => ended(r) >= since).toSorted((a, b) => ended(b) - ended(a));
  };
  return {
    read: (deployment) => load(recordKey(environment, deployment)),
    all,
    summaries: async () => (await all()).map(summaryOf),
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
