import { refused } from '../../lib/errors.ts';
import { parseState } from '../core/engine/parse.ts';
import type { State } from '../core/engine/types.ts';
import type { ObjectStore } from '../ports/objects.ts';

/** One object a deployment: its state, replaced by compare-and-set, so that two runners never go on from one state. */
export interface Journal {
  load(deployment: string): Promise<JournalEntry | undefined>;
  /** `etag` undefined: the first. Resolves to the new etag; undefined when somebody else wrote meanwhile. */
  save(state: State, etag: string | undefined): Promise<string | undefined>;
  /** Deployments that are not over, oldest first. */
  listOpen(): Promise<readonly State[]>;
}

export interface JournalEntry {
  readonly state: State;
  readonly etag: string;
}

export const journalKey = (environment: string, deployment: string): string =>
  `journals/${environment}/${deployment}.json`;
const openKey = (environment: string, deployment: string): string => `open/${environment}/${deployment}`;

const damaged = (key: string, error: unknown) =>
  refused(
    `journal ${key} is damaged; nothing was changed`,
    // Not by status: that reads the journals too.
    `see what is live (sluice reconcile, which changes nothing by itself), then move the object ${key} away and start again`,
    error,
  );

/** Journals of one environment. Beside each open one lies an empty marker, so that old ones need not be read. */
export const journalStore = (objects: ObjectStore, environment: string): Journal => {
  const load = async (deployment: string): Promise<JournalEntry | undefined> => {
    const key = journalKey(environment, deployment);
    const found = await objects.get(key);
    if (found === undefined) return undefined;
    try {
      return { state: parseState(found.body), etag: found.etag };
    } catch (error) {
      throw damaged(key, error);
    }
  };
  return {
    load,
    save: async (state, etag) => {
      const { deployment } = state.request;
      // The marker comes first and goes last: an open journal without one would not be seen.
      if (etag === undefined) await objects.put(openKey(environment, deployment), '');
      const saved = await objects.put(
        journalKey(environment, deployment),
        JSON.stringify(state),
        etag ?? null,
      );
      if (saved !== undefined && state.phase.name === 'done')
        await objects.delete(openKey(environment, deployment));
      return saved;
    },
    listOpen: async () => {
      const prefix = `open/${environment}/`;
      const keys = await objects.list(prefix);
      const entries = await Promise.all(keys.map((key) => load(key.slice(prefix.length))));
      return entries
        .flatMap((e) => (e === undefined || e.state.phase.name === 'done' ? [] : [e.state]))
        .toSorted((a, b) => a.startedAt - b.startedAt);
    },
  };
};
