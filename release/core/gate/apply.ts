import { addToMetric, passMetric } from './metric.ts';
import { emptyStage, type GateStage, type PackedWindow, type ServiceState, type State } from './state.ts';
import type { ServiceTerms } from './terms.ts';

/** Adds the next window of a service, in place. Windows come in order; `window.from === service.next`. */
export const applyWindow = (
  state: State,
  name: string,
  service: ServiceState,
  window: PackedWindow,
): void => {
  const terms = state.terms.services[name];
  if (terms === undefined) return;
  const [from, , , , , , , seen] = window;
  const to = from + state.terms.window;
  service.next = to;
  if (seen > 0) service.dataAt = to;
  addCost(service, terms, window);
  if (from < state.first) {
    service.warmup += 1;
    passBoth(service, 1);
    return;
  }
  const position = stageAt(state.stages, from);
  const stage = state.stages[position];
  if (stage === undefined || straddles(state.stages, from, to)) {
    // Two shares in one window: a common outage in its second half would look like the new version's.
    service.mixed += 1;
    passBoth(service, 1);
    return;
  }
  if (service.stage.stage !== position) service.stage = emptyStage(position);
  addStage(service, window);
  if (stage.control && !terms.alone) {
    addRouting(service, stage, window);
    addTests(service, terms, stage, window, to);
  } else passBoth(service, 1);
};

const passBoth = (service: ServiceState, windows: number): void => {
  if (service.errors) passMetric(service.errors, windows);
  if (service.latency) passMetric(service.latency, windows);
};

/** Windows that never came. */
export const passMissing = (service: ServiceState, windows: number): void => {
  service.missing += windows;
  passBoth(service, windows);
};

/** The stage in which a window begins. */
const stageAt = (stages: readonly GateStage[], from: number): number => {
  for (let k = stages.length - 1; k >= 0; k -= 1) if ((stages[k]?.startedAt ?? Infinity) <= from) return k;
  return stages.length > 0 ? 0 : -1;
};

const straddles = (stages: readonly GateStage[], from: number, to: number): boolean => {
  for (let k = stages.length - 1; k >= 1; k -= 1) {
    const at = stages[k]?.startedAt ?? 0;
    if (at > from && at < to) return true;
  }
  return false;
};

const addStage = (service: ServiceState, window: PackedWindow): void => {
  const counts = service.stage;
  counts.windows += 1;
  counts.requestsFresh += window[1];
  counts.errorsFresh += window[2];
  counts.slowFresh += window[3];
  counts.requestsStable += window[4];
};

/** Requests that should have reached a version and did not: half of what its share promises, to be safe. */
const addRouting = (service: ServiceState, stage: GateStage, window: PackedWindow): void => {
  const [from, fresh, , , stable, , , seen] = window;
  if ((seen & 1) > 0) service.unseenFrom = -1;
  else if (service.unseenFrom < 0) service.unseenFrom = from;
  if (fresh > 0) service.unrouted = 0;
  else service.unrouted += (0.5 * stage.share * stable) / 100;
  if (stable > 0) service.unmatched = 0;
  else service.unmatched += (0.5 * (100 - stage.share) * fresh) / 100;
};

const addTests = (
  service: ServiceState,
  terms: ServiceTerms,
  stage: GateStage,
  window: PackedWindow,
  at: number,
): void => {
  const side = { at, last: stage.last, fresh: window[1], stable: window[4] };
  if (service.errors && terms.errors) addToMetric(service.errors, terms.errors, side, window[2], window[5]);
  if (service.latency && terms.latency)
    addToMetric(service.latency, terms.latency, side, window[3], window[6]);
};

/** What the release costs its users, warm-up included. */
const addCost = (service: ServiceState, terms: ServiceTerms, window: PackedWindow): void => {
  const [, fresh, bad, , stable, badStable] = window;
  const cost = service.cost;
  cost.windows += 1;
  cost.requests += fresh + stable;
  if (fresh === 0) return;
  if (stable > 0) {
    const part = stable / (fresh + stable);
    const other = fresh / (fresh + stable);
    cost.requestsFresh += fresh;
    cost.both += fresh * part;
    cost.cross += bad * part - badStable * other;
    cost.variance += bad * part * part + badStable * other * other;
    return;
  }
  const test = service.errors?.test;
  const seen = test !== undefined && test.requestsStable > 0 ? test.badStable / test.requestsStable : 0;
  cost.alone += bad - fresh * Math.max(terms.rate, seen);
  cost.aloneVariance += bad;
};
