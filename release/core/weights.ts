import type { Weights } from '../ports/traffic.ts';

/** Largest weight that a load balancer takes. */
export const LARGEST_WEIGHT = 999;

/**
 * Weights as a load balancer takes them: whole numbers from 0 to 999. Shares with a fraction are given in tenths of a
 * percent, as the program declares them, so that a direct call and an update leave the same rule; nobody is rounded
 * to nothing.
 */
export const wholeWeights = (weights: Weights): Weights => {
  const scale = Object.values(weights).every((w) => Number.isInteger(w)) ? 1 : 10;
  return Object.fromEntries(
    Object.entries(weights).map(([group, w]) => [group, w > 0 ? Math.max(1, Math.round(w * scale)) : 0]),
  );
};
