import type { Entry } from './ledger.ts';
import type { ResourceState } from './types.ts';

/** URN of a provider reference `urn::id`; '' for the default provider. */
export const providerUrn = (reference: string): string =>
  reference === '' ? '' : reference.slice(0, reference.lastIndexOf('::'));

/** Everything that must exist as long as a resource does. */
export const needs = (state: ResourceState): Set<string> => {
  const urns = new Set(state.dependencies);
  for (const list of Object.values(state.propertyDependencies)) for (const urn of list) urns.add(urn);
  for (const urn of [state.parent, state.deletedWith, providerUrn(state.provider)])
    if (urn !== '') urns.add(urn);
  urns.delete(state.urn);
  return urns;
};

/**
 * Visits entries so that each comes after everything that needs it; independent ones at the same time. Stops where a
 * visit fails. Entries in a circle (never made by a program, only by hand) come last, in the order given.
 */
export const dependentsFirst = async (
  entries: readonly Entry[],
  visit: (entry: Entry) => Promise<void>,
): Promise<void> => {
  const byUrn = new Map<string, Entry[]>();
  for (const entry of entries) {
    const same = byUrn.get(entry.state.urn);
    if (same === undefined) byUrn.set(entry.state.urn, [entry]);
    else same.push(entry);
  }
  const needed = new Map<Entry, Entry[]>();
  const dependents = new Map<Entry, number>(entries.map((entry) => [entry, 0]));
  for (const entry of entries) {
    const targets = [...needs(entry.state)].flatMap((urn) => byUrn.get(urn) ?? []);
    needed.set(entry, targets);
    for (const target of targets) dependents.set(target, (dependents.get(target) ?? 0) + 1);
  }
  const seen = new Set<Entry>();
  const follow = async (entry: Entry): Promise<void> => {
    seen.add(entry);
    await visit(entry);
    const ready: Entry[] = [];
    for (const target of needed.get(entry) ?? []) {
      const left = (dependents.get(target) ?? 0) - 1;
      dependents.set(target, left);
      if (left === 0) ready.push(target);
    }
    await Promise.all(ready.map(follow));
  };
  await Promise.all(entries.filter((entry) => dependents.get(entry) === 0).map(follow));
  for (const entry of entries) if (!seen.has(entry)) await visit(entry);
};

/** The same order as a list. */
export const inDeletionOrder = async (entries: readonly Entry[]): Promise<Entry[]> => {
  const order: Entry[] = [];
  await dependentsFirst(entries, (entry) => {
    order.push(entry);
    return Promise.resolve();
  });
  return order;
};
