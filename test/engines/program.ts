import main from '../../infra/index.ts';
import type { Program } from '../../sandbox/engine/index.ts';

/** The real program. The SDK makes an error in advance for every resource; their stacks are a sixth of the time. */
export const azora: Program = async () => {
  Error.stackTraceLimit = 0;
  return { ...(await main()) };
};
