import type { Operator, OperatorSays } from './types.ts';

/** A way for the terminal (or a test) to speak to the release that runs in this process. */
export const createOperator = (): Operator & { say(said: OperatorSays): void } => {
  const listeners = new Set<(said: OperatorSays) => void>();
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    say: (said) => {
      for (const listener of listeners) listener(said);
    },
  };
};
