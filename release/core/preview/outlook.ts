import type { Release } from '../../../config/release.types.ts';
import { SLOTS, type SlotName } from '../../../config/types.ts';
import { liveOf, liveSlot } from '../release.ts';
import type { PreviewChange } from '../../ports/stack.ts';
import { isReal, kindOf, nameOf, placeOf, whatOf } from './resource.ts';
import { serviceChanges } from './services.ts';
import { trafficLines } from './traffic.ts';
import type { Loss, Outlook, OutlookInput, ServiceChange } from './types.ts';

type Change = PreviewChange;

const changing = (changes: readonly Change[]): Change[] =>
  changes.filter((c) => isReal(c) && c.op !== 'same' && c.op !== 'read');

const served = (release: Release | undefined, slot: SlotName): boolean => (release?.traffic[slot] ?? 0) > 0;

const isLost = (c: Change): boolean => c.op === 'delete' || c.op === 'replace';

/** What is worst stands first: protected, then what outlives releases, then what users are on. */
const rank = (l: Loss): number =>
  (l.protect ? 0 : 4) + (l.where === 'ground' ? 0 : 2) + (l.op === 'delete' ? 0 : 1);

/** Traffic is led away from a slot before the slot goes: then nobody loses anything. */
const isLeft = (slot: SlotName, { from, to }: OutlookInput): boolean =>
  !served(from, slot) || (to !== undefined && !served(to, slot));

const lossesOf = (changes: readonly Change[], input: OutlookInput): Loss[] =>
  changes
    .flatMap((c): Loss[] => {
      if (!isLost(c)) return [];
      const place = placeOf(c.urn);
      const idle = place.kind === 'slot' && isLeft(place.slot, input);
      // A command that runs again and the next record are replacements by name only.
      const harmless = place.kind === 'run' || place.kind === 'record' || idle;
      if (harmless && !c.protect) return [];
      const where = place.kind === 'slot' || place.kind === 'routing' ? 'traffic' : 'ground';
      return [
        {
          op: c.op === 'delete' ? 'delete' : 'replace',
          what: whatOf(c),
          urn: c.urn,
          protect: c.protect,
          where,
          because: c.diff,
        },
      ];
    })
    .toSorted((a, b) => rank(a) - rank(b) || (a.what < b.what ? -1 : 1));

const RUNS: Readonly<Record<string, string>> = {
  'backup-command': 'a backup is taken, restored and compared',
  'migrate-command': 'migrations run',
  'verify-command': 'health of the new slot is asked before it gets traffic',
  'smoke-command': 'smoke tests run before it gets traffic',
  'record-command': 'the record is written',
};

const runsOf = (changes: readonly Change[]): string[] =>
  changes.flatMap((c) =>
    placeOf(c.urn).kind === 'run' && c.op !== 'delete'
      ? [RUNS[nameOf(c.urn)] ?? `${nameOf(c.urn)} runs`]
      : [],
  );

const VERBS: readonly (readonly [Change['op'], string])[] = [
  ['delete', 'deleted'],
  ['replace', 'replaced'],
  ['create', 'created'],
  ['update', 'updated'],
];

const tally = (changes: readonly Change[]): string =>
  VERBS.flatMap(([op, verb]) => {
    const n = changes.filter((c) => c.op === op).length;
    return n === 0 ? [] : [`${n} ${verb}`];
  }).join(', ');

const versionOf = (release: Release | undefined, slot: SlotName): string | undefined =>
  release?.slots[slot]?.version;

const slotLine = (slot: SlotName, changes: readonly Change[], { from, to }: OutlookInput): string[] => {
  if (changes.length === 0) return [];
  const a = versionOf(from, slot);
  const b = to === undefined ? a : versionOf(to, slot);
  const what =
    a === undefined
      ? `${b ?? 'nothing'} comes up`
      : b === undefined
        ? `${a} is taken down`
        : from?.slots[slot]?.deployment === (to ?? from)?.slots[slot]?.deployment
          ? `${a} is changed`
          : `${a} gives way to ${b}`;
  return [`slot ${slot}: ${what} (${tally(changes)})`];
};

/** Created and updated resources of the ground, told by kind. */
const groundLines = (changes: readonly Change[]): string[] => {
  const byKind = new Map<string, Change[]>();
  for (const c of changes.filter((x) => !isLost(x))) {
    const key = `${c.op} ${kindOf(c.type)}`;
    byKind.set(key, [...(byKind.get(key) ?? []), c]);
  }
  return [...byKind.values()].map((group) => {
    const [first] = group;
    if (first === undefined) return '';
    const verb = first.op === 'create' ? 'created' : 'updated';
    const paths = [...new Set(group.flatMap((c) => c.diff))];
    const why = first.op === 'update' && paths.length > 0 ? ` (${paths.slice(0, 5).join(', ')})` : '';
    if (group.length === 1) return `${whatOf(first)} ${verb}${why}`;
    return `${group.length} × ${kindOf(first.type)} ${verb}${why}`;
  });
};

const othersOf = (changes: readonly Change[], input: OutlookInput): string[] => {
  const ofSlot = (slot: SlotName): Change[] =>
    changes.filter((c) => {
      const place = placeOf(c.urn);
      return place.kind === 'slot' && place.slot === slot;
    });
  const rules = changes.filter((c) => placeOf(c.urn).kind === 'routing');
  return [
    ...SLOTS.flatMap((slot) => slotLine(slot, ofSlot(slot), input)),
    ...(rules.length === 0 ? [] : [`production rules: ${tally(rules)}`]),
    ...groundLines(changes.filter((c) => placeOf(c.urn).kind === 'ground')),
  ];
};

/** The slot that users would be on, or come to, in the end. */
const leading = (release: Release): SlotName | undefined => {
  const brought = SLOTS.find((s) => release.slots[s]?.deployment === release.deployment);
  return brought ?? liveSlot(release);
};

const servicesOf = ({ from, to }: OutlookInput): ServiceChange[] => {
  if (to === undefined) return [];
  const next = leading(to);
  return serviceChanges(liveOf(from), next === undefined ? undefined : to.slots[next]);
};

/** Puts one engine preview in order: what is lost first, then traffic, services, what runs, and the rest. */
export const outlookOf = (input: OutlookInput): Outlook => {
  const { title, command, from, to, changes: given, unbuilt = [] } = input;
  const refused = 'refused' in given ? given : undefined;
  const changes = 'refused' in given ? [] : changing(given);
  const notes =
    unbuilt.length === 0
      ? []
      : [`images of ${unbuilt.join(', ')} are not built yet; the release builds them`];
  return {
    title,
    command,
    notes: [...(input.notes ?? []), ...notes],
    losses: lossesOf(changes, input),
    traffic: trafficLines(from, to),
    services: servicesOf(input),
    runs: runsOf(changes),
    others: othersOf(changes, input),
    counts: Object.fromEntries(
      VERBS.flatMap(([op]) => {
        const n = changes.filter((c) => c.op === op).length;
        return n === 0 ? [] : [[op, n]];
      }),
    ),
    refused:
      refused === undefined
        ? undefined
        : { message: refused.refused, ...(refused.hint === undefined ? {} : { hint: refused.hint }) },
  };
};
