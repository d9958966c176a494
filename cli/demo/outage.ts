import { setTimeout as delay } from 'node:timers/promises';

/** What users would have noticed at one address. */
export interface Outage {
  readonly path: string;
  readonly answered: number;
  readonly failed: number;
  /** Longest time from one good answer to the next, ms, less the pause between two questions. */
  readonly longestMs: number;
}

const EVERY_MS = 20;

/** Asks addresses again and again, each on its own, until it is stopped. */
export const watchAnswers = (
  url: string,
  paths: readonly string[],
): { stop(): Promise<readonly Outage[]> } => {
  const stopped = new AbortController();
  const watch = async (path: string): Promise<Outage> => {
    let [answered, failed, longest] = [0, 0, 0];
    let last = performance.now();
    while (!stopped.signal.aborted) {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(5_000) }).catch(
        () => undefined,
      );
      await response?.arrayBuffer().catch(() => undefined);
      const at = performance.now();
      if (response?.ok === true) {
        answered += 1;
        longest = Math.max(longest, at - last - EVERY_MS);
        last = at;
      } else failed += 1;
      await delay(EVERY_MS);
    }
    // It never came back: until now nobody was answered.
    longest = Math.max(longest, performance.now() - last - EVERY_MS * 2);
    return { path, answered, failed, longestMs: Math.round(Math.max(0, longest)) };
  };
  const watching = Promise.all(paths.map(watch));
  return {
    stop: () => {
      stopped.abort();
      return watching;
    },
  };
};
