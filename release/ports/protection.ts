import type { PreviewChange } from './stack.ts';

const PROTECTED = /marked for protection|is protected|because it is protected/;
const typeOf = (urn: string): string => (urn.split('::')[2] ?? '').split('$').at(-1) ?? '';

/**
 * Engines end a preview at a protected resource that would go. For people that is an answer, not an error: the
 * changes announced so far, with the protected ones among them. Undefined when anything else failed, too. What comes
 * behind a protected resource may be missing.
 */
export const protectedPreview = (
  announced: readonly PreviewChange[],
  failed: readonly { readonly urn: string; readonly reason: string }[],
): readonly PreviewChange[] | undefined => {
  if (failed.length === 0 || !failed.every((f) => PROTECTED.test(f.reason))) return undefined;
  const guarded = failed.map(({ urn, reason }): PreviewChange => {
    const op = /replac/.test(reason) ? 'replace' : 'delete';
    const diff = announced.find((c) => c.urn === urn)?.diff ?? [];
    return { op, urn, type: typeOf(urn), protect: true, diff };
  });
  return [...announced.filter((c) => !failed.some((f) => f.urn === c.urn)), ...guarded];
};
