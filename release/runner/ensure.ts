import { emptyRelease } from '../core/release.ts';
import type { StackOutputs, StackUpdater, UpdateEvent } from '../ports/stack.ts';

/**
 * A stack that was never updated has no buckets for lease and journal yet: the first update makes the
 * infrastructure, without any release. Where a plain update would deploy (`direct`), it is told by an empty one
 * (`deployment`: the id it gets) that it is not to.
 */
export const ensureStack = async (
  stack: StackUpdater,
  onEvent: (e: UpdateEvent) => void = () => {},
  direct?: { readonly deployment: string },
): Promise<StackOutputs> => {
  const nothing = direct === undefined ? undefined : emptyRelease(direct.deployment);
  return (await stack.outputs()) ?? (await stack.up(nothing, { onEvent })).outputs;
};
