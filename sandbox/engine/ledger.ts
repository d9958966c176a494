import type { PendingOperation, ResourceState } from './types.ts';

/** One resource in the ledger. The holder stays, the state in it is replaced. */
export interface Entry {
  readonly key: number;
  state: ResourceState;
  /** Place in this update's order of registration; undefined while it was not registered. */
  order?: number;
}

/**
 * One change, short enough to be written at every step. Keys number resources from the snapshot on. A result and the
 * end of its operation (`ends`) are one line: a kill between the two would leave a doubt that need not be.
 */
export type JournalLine =
  | { readonly put: number; readonly resource: unknown; readonly ends?: number }
  | { readonly drop: number; readonly ends?: number }
  | { readonly begin: number; readonly type: PendingOperation['type']; readonly resource: unknown }
  | { readonly end: number }
  | { readonly renamed: string; readonly to: string };

/** What exists, and what is being done to it: the state of a stack while it is updated. */
export class Ledger {
  readonly #entries = new Map<number, Entry>();
  readonly #byUrn = new Map<string, Entry>();
  readonly #pending = new Map<number, PendingOperation>();
  readonly #renamed = new Map<string, string>();
  #nextKey = 0;
  #nextOrder = 0;
  #nextOperation = 0;
  #write: ((line: JournalLine) => void) | undefined;
  #seal: (state: ResourceState) => unknown = (state) => state;
  /** Whether anything changed since the ledger was read. */
  changed = false;

  constructor(resources: readonly ResourceState[], pending: readonly PendingOperation[]) {
    for (const state of resources) this.#insert({ key: this.#nextKey++, state });
    for (const operation of pending) this.#pending.set(this.#nextOperation++, operation);
  }

  onChange(write: (line: JournalLine) => void, seal: (state: ResourceState) => unknown): void {
    this.#write = write;
    this.#seal = seal;
  }

  /** Applies what an interrupted update wrote. */
  replay(lines: readonly JournalLine[], decode: (stored: unknown) => ResourceState): void {
    for (const line of lines) {
      if ('ends' in line && line.ends !== undefined) this.#pending.delete(line.ends);
      if ('put' in line) {
        const state = decode(line.resource);
        this.#store(this.#entries.get(line.put) ?? { key: line.put, state }, state);
        this.#nextKey = Math.max(this.#nextKey, line.put + 1);
      } else if ('drop' in line) this.#remove(line.drop);
      else if ('begin' in line) {
        this.#pending.set(line.begin, { type: line.type, resource: decode(line.resource) });
        this.#nextOperation = Math.max(this.#nextOperation, line.begin + 1);
      } else if ('end' in line) this.#pending.delete(line.end);
      else this.#renamed.set(line.renamed, line.to);
    }
    this.changed = lines.length > 0;
  }

  #insert(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    if (!entry.state.delete) this.#byUrn.set(entry.state.urn, entry);
  }

  #store(entry: Entry, state: ResourceState): void {
    if (this.#byUrn.get(entry.state.urn) === entry) this.#byUrn.delete(entry.state.urn);
    entry.state = state;
    this.#insert(entry);
  }

  #remove(key: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    if (this.#byUrn.get(entry.state.urn) === entry) this.#byUrn.delete(entry.state.urn);
  }

  #note(line: () => JournalLine): void {
    this.changed = true;
    this.#write?.(line());
  }

  /** The live resource of a URN; replaced ones that wait for their deletion are not found. */
  find(urn: string): Entry | undefined {
    return this.#byUrn.get(urn);
  }

  entries(): Entry[] {
    return [...this.#entries.values()];
  }

  /** The resource is declared, and everything it needs came before it. */
  registered(entry: Entry): void {
    entry.order ??= this.#nextOrder++;
  }

  /** Everything that exists, dependencies before dependents, under the names of today. */
  resources(): ResourceState[] {
    const place = (entry: Entry): number => entry.order ?? Infinity;
    const ordered = this.entries().sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
    const states = ordered.map((entry) => entry.state);
    if (this.#renamed.size === 0) return states;
    // A name that was given to another resource meanwhile means that one.
    const now = (urn: string): string => (this.#byUrn.has(urn) ? urn : (this.#renamed.get(urn) ?? urn));
    return states.map((state) => ({
      ...state,
      parent: now(state.parent),
      deletedWith: now(state.deletedWith),
      dependencies: state.dependencies.map(now),
      propertyDependencies: Object.fromEntries(
        Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(now)]),
      ),
    }));
  }

  pending(): PendingOperation[] {
    return [...this.#pending.values()];
  }

  /** Stores a state under an entry, or under a new one; `ends` is the operation that this is the result of. */
  put(entry: Entry | undefined, state: ResourceState, ends?: number): Entry {
    const kept = entry ?? { key: this.#nextKey++, state };
    this.#store(kept, state);
    if (ends !== undefined) this.#pending.delete(ends);
    const over = ends === undefined ? {} : { ends };
    this.#note(() => ({ put: kept.key, resource: this.#seal(state), ...over }));
    return kept;
  }

  drop(entry: Entry, ends?: number): void {
    this.#remove(entry.key);
    if (ends !== undefined) this.#pending.delete(ends);
    const over = ends === undefined ? {} : { ends };
    this.#note(() => ({ drop: entry.key, ...over }));
  }

  rename(from: string, to: string): void {
    this.#renamed.set(from, to);
    this.#note(() => ({ renamed: from, to }));
  }

  /** An operation starts: from here on a kill leaves a note that its end was not seen. */
  begin(type: PendingOperation['type'], resource: ResourceState): number {
    const id = this.#nextOperation++;
    this.#pending.set(id, { type, resource });
    this.#note(() => ({ begin: id, type, resource: this.#seal(resource) }));
    return id;
  }

  /** An operation is over without a result of its own: it failed, or was only looking. */
  end(id: number): void {
    if (this.#pending.delete(id)) this.#note(() => ({ end: id }));
  }

  /** Forgets operations whose end was never seen. Returns how many. */
  forget(types: readonly PendingOperation['type'][]): number {
    let count = 0;
    for (const [id, operation] of this.#pending) {
      if (!types.includes(operation.type)) continue;
      this.end(id);
      count += 1;
    }
    return count;
  }
}
