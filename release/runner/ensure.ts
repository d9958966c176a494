import type { StackOutputs, StackUpdater, UpdateEvent } from '../ports/stack.ts';

/**
 * A stack that was never updated has no buckets for lease and journal yet: the first update makes the
 * infrastructure, without any release.
 */
export const ensureStack = async (
  stack: StackUpdater,
  onEvent: (e: UpdateEvent) => void = () => {},
): Promise<StackOutputs> => (await stack.outputs()) ?? (await stack.up(undefined, { onEvent })).outputs;
