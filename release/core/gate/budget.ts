import type { ServiceState, State } from './state.ts';

/** What the release has cost its users so far. */
export interface Spent {
  /** Requests that failed and would not have failed on the stable version: observed, and surely (see below). */
  readonly requests: number;
  readonly surely: number;
  /** As many of them as the application serves in a minute are one error minute. */
  readonly minutes: number;
  readonly surelyMinutes: number;
}

/**
 * Looks are many, so the margin grows with the variance: a normal mixture's boundary at 1 in 1,000
 * (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, arXiv 1810.08240).
 */
const margin = (variance: number): number =>
  variance === 0 ? 0 : Math.sqrt((variance + 1) * (Math.log(variance + 1) + 2 * Math.log(1000)));

export const spent = (state: State): Spent => {
  let requests = 0;
  let variance = 0;
  let perMinute = 0;
  for (const service of Object.values(state.services)) {
    const cost = service.cost;
    // Errors of one cluster count as one piece of luck.
    const cluster = service.errors?.test.count.cluster ?? 1;
    requests += excess(service) + cost.alone;
    variance += cluster * (excessVariance(service) + cost.aloneVariance);
    if (cost.windows > 0) perMinute += (cost.requests / cost.windows) * (60_000 / state.terms.window);
  }
  const surely = Math.max(0, requests - margin(variance));
  const inMinutes = (value: number): number => (perMinute > 0 ? value / perMinute : 0);
  return { requests, surely, minutes: inMinutes(requests), surelyMinutes: inMinutes(surely) };
};

const excess = (service: ServiceState): number =>
  service.cost.both > 0 ? (service.cost.cross / service.cost.both) * service.cost.requestsFresh : 0;

const excessVariance = (service: ServiceState): number =>
  service.cost.both > 0 ? service.cost.variance * (service.cost.requestsFresh / service.cost.both) ** 2 : 0;
