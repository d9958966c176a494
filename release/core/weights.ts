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

/** What an alias of Lambda takes: one version, and at most one other with a share from 0 to 1. */
export interface AliasWeights {
  readonly version: string;
  readonly additional: Readonly<Record<string, number>>;
}

/**
 * Weights of any scale as an alias has them, four decimals fine; the larger share is the alias's own version. The
 * program and direct calls use the same rule, so that they leave the same alias. Undefined for none, or more than two.
 */
export const aliasWeights = (weights: Weights): AliasWeights | undefined => {
  const served = Object.entries(weights)
    .filter(([, w]) => w > 0)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const [first, second, third] = served;
  if (first === undefined || third !== undefined) return undefined;
  if (second === undefined) return { version: first[0], additional: {} };
  const share = Math.max(0.0001, Math.round((10_000 * second[1]) / (first[1] + second[1])) / 10_000);
  return { version: first[0], additional: { [second[0]]: share } };
};

/** The same read back, in percent. */
export const weightsOfAlias = ({ version, additional }: AliasWeights): Weights => {
  const others = Object.entries(additional).filter(([, share]) => share > 0);
  const rest = 1 - others.reduce((sum, [, share]) => sum + share, 0);
  const percent = (share: number): number => Math.round(share * 1_000_000) / 10_000;
  return Object.fromEntries([
    ...(rest > 0 ? [[version, percent(rest)] as const] : []),
    ...others.map(([v, share]) => [v, percent(share)] as const),
  ]);
};
