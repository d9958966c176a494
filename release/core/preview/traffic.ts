import type { Release } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import { sharesOf, type Shares } from '../release.ts';

const NONE = 'no traffic';

const side = (release: Release | undefined, slot: SlotName, share: number): string =>
  `${share} % on ${release?.slots[slot]?.version ?? 'nothing'} (${slot})`;

const describe = (release: Release | undefined, shares: Shares | undefined): string => {
  const parts = (['blue', 'green'] as const).flatMap((slot) => {
    const share = shares?.[slot] ?? 0;
    return share === 0 ? [] : [{ share, text: side(release, slot, share) }];
  });
  if (parts.length === 0) return NONE;
  return parts
    .toSorted((a, b) => b.share - a.share)
    .map((p) => p.text)
    .join(', ');
};

const named = (services: readonly string[], all: number): string =>
  services.length === all && all > 1 ? `all ${all} services` : services.join(', ');

/** Services of which the same can be said, in one sentence each. */
const grouped = (texts: Readonly<Record<string, string>>): string[] => {
  const groups = new Map<string, string[]>();
  for (const service of Object.keys(texts).sort())
    groups.set(texts[service] ?? '', [...(groups.get(texts[service] ?? '') ?? []), service]);
  const all = Object.keys(texts).length;
  return [...groups].map(([text, services]) => `${named(services, all)}: ${text}`);
};

/** What is live, in one line. */
export const liveText = (release: Release | undefined): string => {
  if (release === undefined) return 'nothing is deployed yet';
  const { blue, green } = release.traffic;
  return `release ${release.serial}: ${describe(release, { blue, green })}`;
};

/** What traffic would do, services that do the same in one line. `to` undefined: nothing moves. */
export const trafficLines = (from: Release | undefined, to: Release | undefined): string[] => {
  const before = from === undefined ? {} : sharesOf(from);
  const after = to === undefined ? before : sharesOf(to);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  if (names.length === 0) return ['nobody is served, before and after'];
  const texts = names.map((name): [string, string] => {
    const now = describe(from, before[name]);
    const then = describe(to ?? from, after[name]);
    return [name, now === then ? `${now}, unchanged` : `${now} → ${then}`];
  });
  return grouped(Object.fromEntries(texts));
};
