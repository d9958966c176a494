/**
 * Resolves when what was declared so far had its turn to be registered. A program that waits for it now and then
 * holds half the memory at 1,000 services and takes two thirds of the time: what is finished is let go early.
 */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
