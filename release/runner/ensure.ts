import { emptyRelease } from '../core/release.ts';
import type { StackOutputs, StackUpdater, UpdateEvent } from '../ports/stack.ts';

/**
 * A stack that was never updated has no buckets for lease and journal yet: the first update makes the
 * infrastructure, without any release. A plain one would bring in what `sluice:version` names: it is told by an empty
 * release (`deployment`: the id it gets) that it is not to.
 */
export const ensureStack = async (
  stack: StackUpdater,
  deployment: string,
  onEvent: (e: UpdateEvent) => void = () => {},
): Promise<StackOutputs> =>
  (await stack.outputs()) ?? (await stack.up(emptyRelease(deployment), { onEvent })).outputs;
