import type { PreviewChange } from '../../../../release/ports/stack.ts';

/** One change as an engine reports it; `parents` is the chain of component types. */
export const change = (
  op: PreviewChange['op'],
  type: string,
  name: string,
  more: Partial<Pick<PreviewChange, 'protect' | 'diff'>> & { readonly parents?: string } = {},
): PreviewChange => {
  const { parents, protect = false, diff = [] } = more;
  const chain = parents === undefined ? type : `${parents}$${type}`;
  return { op, type, urn: `urn:pulumi:production::sluice::${chain}::${name}`, protect, diff };
};

export const SERVICE_SLOT = 'sluice:components:ServiceSlot';
export const COMMAND = 'sluice:components:DatabaseCommand';
