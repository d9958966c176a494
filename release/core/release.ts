import type { Release, Slot } from '../../config/release.types.ts';
import { SLOTS, type App, type SlotName } from '../../config/types.ts';

/** Pure questions about a release. Shares are percent. */

export const other = (slot: SlotName): SlotName => (slot === 'blue' ? 'green' : 'blue');

export const slotNames = (release: Release): SlotName[] =>
  SLOTS.filter((s) => release.slots[s] !== undefined);

/**
 * The slot that users are on: the one with traffic; while two have traffic, the one that this deployment did not
 * bring. Undefined before the first release has traffic.
 */
export const liveSlot = (release: Release): SlotName | undefined => {
  const served = slotNames(release).filter((s) => release.traffic[s] > 0);
  if (served.length < 2) return served[0];
  const stable = served.filter((s) => release.slots[s]?.deployment !== release.deployment);
  if (stable.length === 1) return stable[0];
  return release.traffic.green > release.traffic.blue ? 'green' : 'blue';
};

/** Where the next version goes. */
export const idleSlot = (release: Release | undefined): SlotName => {
  const live = release === undefined ? undefined : liveSlot(release);
  return live === undefined ? 'blue' : other(live);
};

/** Where a version goes: beside the one that is live, or in its place where there is one slot only. */
export const slotFor = (release: Release | undefined, strategy: App['strategy'] | undefined): SlotName =>
  strategy === 'rolling'
    ? ((release === undefined ? undefined : liveSlot(release)) ?? 'blue')
    : idleSlot(release);

/** What users are on; undefined before the first release has traffic. */
export const liveOf = (release: Release | undefined): Slot | undefined => {
  const live = release === undefined ? undefined : liveSlot(release);
  return live === undefined ? undefined : release?.slots[live];
};

export const liveVersion = (release: Release | undefined): string | undefined => liveOf(release)?.version;

/** Shares by slot. */
export type Shares = Partial<Record<SlotName, number>>;

/**
 * What each service's production rule must say. Weight 0 is absence; a service that only one of the served slots
 * has is served whole from that slot; a service without an entry has no production rule.
 */
export const sharesOf = (release: Release): Record<string, Shares> => {
  const result: Record<string, Shares> = {};
  for (const slot of slotNames(release)) {
    const share = release.traffic[slot];
    if (share <= 0) continue;
    for (const [name, service] of Object.entries(release.slots[slot]?.services ?? {})) {
      if (service.kind === 'web') result[name] = { ...result[name], [slot]: share };
    }
  }
  for (const [name, shares] of Object.entries(result)) {
    const only = Object.keys(shares);
    if (only.length === 1) result[name] = { [only[0] as SlotName]: 100 };
  }
  return result;
};

/** Order-independent JSON, for comparing and for storing. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );

export const equal = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** Names of services whose frozen definition differs between two slots, added and removed ones included. */
export const changedServices = (a: Slot | undefined, b: Slot | undefined): string[] => {
  const names = new Set([...Object.keys(a?.services ?? {}), ...Object.keys(b?.services ?? {})]);
  return [...names].filter((n) => !equal(a?.services[n], b?.services[n])).sort();
};

/** When a deployment began, in ms, as its id says. */
export const beganAt = (deployment: string): number => startOf(deployment) * 1_000;

/** Seconds since 1970 in a deployment id; -1 where there is none. */
const startOf = (deployment: string | undefined): number =>
  Number(/^(\d+)-/.exec(deployment ?? '')?.[1] ?? -1);

/** `backup` and `schema` never go back by themselves: the later of two deployments is kept. */
export const carryData = (
  current: Pick<Release, 'backup' | 'schema'> | undefined,
  wanted: Pick<Release, 'backup' | 'schema'>,
): Pick<Release, 'backup' | 'schema'> => {
  const backup = startOf(wanted.backup) >= startOf(current?.backup) ? wanted.backup : current?.backup;
  const schema =
    startOf(wanted.schema?.deployment) >= startOf(current?.schema?.deployment)
      ? wanted.schema
      : current?.schema;
  return { ...(backup === undefined ? {} : { backup }), ...(schema === undefined ? {} : { schema }) };
};

/** The same with users let in, unless a person keeps them out. */
export const opened = (release: Release): Release => {
  if (release.maintenance?.by !== 'release') return release;
  const { maintenance: _, ...rest } = release;
  return rest;
};

/** What a person closed stays closed whatever is released. */
export const carryClosed = (current: Release): Pick<Release, 'maintenance'> =>
  current.maintenance?.by === 'person' ? { maintenance: current.maintenance } : {};

/**
 * Backup, migration, the target and all traffic in one update; the slot that served before goes with it. `deployment` is
 * the one that does it: a rollback brings a slot that an earlier one made.
 */
export const inOneUpdate = (
  current: Release,
  target: Slot,
  deployment: string,
  { strategy, database }: { readonly strategy?: App['strategy']; readonly database: App['database'] },
): Release => {
  const slot = slotFor(current, strategy);
  const { version } = target;
  return {
    format: 1,
    serial: current.serial + 1,
    replaces: current.serial,
    deployment,
    slots: { [slot]: target },
    traffic: { blue: slot === 'blue' ? 100 : 0, green: slot === 'green' ? 100 : 0 },
    ...carryClosed(current),
    ...carryData(current, {
      ...(database?.backup.enabled ? { backup: deployment } : {}),
      ...(database === undefined ? {} : { schema: { deployment, version } }),
    }),
  };
};

/** The release of a stack that has none yet: nothing runs, nothing is served. */
export const emptyRelease = (deployment: string): Release => ({
  format: 1,
  serial: 0,
  replaces: null,
  deployment,
  slots: {},
  traffic: { blue: 0, green: 0 },
});
