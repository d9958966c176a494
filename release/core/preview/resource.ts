import type { SlotName } from '../../../config/types.ts';
import type { PreviewChange } from '../../ports/stack.ts';

/** Where a resource belongs: to the ground, to a slot, to the rules that users are led by, to what runs once. */
export type Place =
  | { readonly kind: 'ground' | 'routing' | 'run' | 'record' }
  | { readonly kind: 'slot'; readonly slot: SlotName };

const afterLast = (text: string, mark: string): string => text.slice(text.lastIndexOf(mark) + mark.length);

export const nameOf = (urn: string): string => afterLast(urn, '::');

/** `aws:lb/targetGroup:TargetGroup` as `target group`. */
export const kindOf = (type: string): string =>
  afterLast(type, ':')
    .replace(/V(?=\d+$)/i, ' v')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();

export const whatOf = ({ type, urn }: Pick<PreviewChange, 'type' | 'urn'>): string =>
  `${kindOf(type)} ${nameOf(urn)}`;

/** Types of the parents in a URN: `sluice:components:ServiceSlot$aws:ecs/service:Service`. */
const chainOf = (urn: string): string => urn.split('::').at(-2) ?? '';

export const placeOf = (urn: string): Place => {
  const chain = chainOf(urn);
  const name = nameOf(urn);
  if (/\bsluice:components:(Service)?Slot\b/.test(chain)) {
    if (name.startsWith('blue')) return { kind: 'slot', slot: 'blue' };
    if (name.startsWith('green')) return { kind: 'slot', slot: 'green' };
  }
  if (/sluice:components:(Routing|Maintenance)\b/.test(chain)) return { kind: 'routing' };
  if (chain.includes('sluice:components:DatabaseCommand')) return { kind: 'run' };
  if (name === 'release' && chain.includes('BucketObject')) return { kind: 'record' };
  return { kind: 'ground' };
};

/** Whether it stands for something in the cloud: components, providers and the stack itself do not. */
export const isReal = ({ type }: Pick<PreviewChange, 'type'>): boolean =>
  !type.startsWith('sluice:') && !type.startsWith('pulumi:');
