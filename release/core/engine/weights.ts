import type { Release } from '../../../config/release.types.ts';
import type { Weights } from '../../ports/traffic.ts';
import type { RoutingOutput } from '../../ports/stack.ts';
import { sharesOf, type Shares } from '../release.ts';
import type { LiveShares } from './types.ts';

const TOLERANCE = 0.05;

const round = (n: number): number => Math.round(n * 100) / 100;

/** One rule's weights as percent per slot; absent slots have no traffic. */
export const toShares = (
  weights: Weights,
  groups: { readonly blue?: string; readonly green?: string },
): LiveShares[string] => {
  const total = Object.values(weights).reduce((a, b) => a + b, 0);
  const shares: LiveShares[string] = {};
  if (total === 0) return shares;
  for (const [group, weight] of Object.entries(weights)) {
    if (weight === 0) continue;
    const slot = group === groups.blue ? 'blue' : group === groups.green ? 'green' : 'other';
    shares[slot] = round((shares[slot] ?? 0) + (100 * weight) / total);
  }
  return shares;
};

/** Weights that make a rule say `shares`; undefined when a needed target group is not there. */
export const toWeights = (
  shares: Shares,
  groups: { readonly blue?: string; readonly green?: string },
): Weights | undefined => {
  const weights: Record<string, number> = {};
  for (const slot of ['blue', 'green'] as const) {
    const share = shares[slot] ?? 0;
    if (share === 0) continue;
    const group = groups[slot];
    if (group === undefined) return undefined;
    weights[group] = share;
  }
  return weights;
};

const sameShare = (a: LiveShares[string], b: Shares): boolean =>
  (a.other ?? 0) === 0 &&
  Math.abs((a.blue ?? 0) - (b.blue ?? 0)) <= TOLERANCE &&
  Math.abs((a.green ?? 0) - (b.green ?? 0)) <= TOLERANCE;

const describe = (shares: LiveShares[string] | Shares | undefined): string => {
  const parts = Object.entries(shares ?? {}).map(([slot, share]) => `${slot} ${share} %`);
  return parts.length === 0 ? 'no traffic' : parts.join(' / ');
};

/**
 * How live weights differ from what a release says, one sentence a service; empty when they agree.
 * `also`: another release that a service may agree with instead (an update that a kill cut in half).
 */
export const drift = (live: LiveShares, release: Release | undefined, also?: Release): string[] => {
  const wanted = release === undefined ? {} : sharesOf(release);
  const other = also === undefined ? undefined : sharesOf(also);
  const names = new Set([...Object.keys(wanted), ...Object.keys(live), ...Object.keys(other ?? {})]);
  return [...names]
    .filter((name) => {
      const now = live[name] ?? {};
      const fits = sameShare(now, wanted[name] ?? {});
      return !fits && (other === undefined || !sameShare(now, other[name] ?? {}));
    })
    .sort()
    .map((name) => `${name}: live ${describe(live[name])}, should be ${describe(wanted[name])}`);
};

/** Services that have a production rule now and that `shares` names: those a direct call can set. */
export const settable = (
  shares: Readonly<Record<string, Shares>>,
  routing: RoutingOutput,
): { service: string; rule: string; weights: Weights }[] =>
  Object.entries(shares).flatMap(([service, wanted]) => {
    const known = routing.services[service];
    if (known?.rule === undefined) return [];
    const weights = toWeights(wanted, known.targetGroups);
    return weights === undefined || Object.keys(weights).length === 0
      ? []
      : [{ service, rule: known.rule, weights }];
  });
