import { spent } from './budget.ts';
import { failedSentence } from './sentences.ts';
import type { ServiceState, State } from './state.ts';
import type { GateContext, Verdict } from './types.ts';
import { countText, shareText, spanText } from './words.ts';

export interface Failure {
  readonly by: Verdict['by'];
  readonly why: string;
}

/** Expected requests, halved, of which none arrived: chance explains that once in 10^8 (Poisson: exp(-18.4)). */
export const ROUTING_FAULT = 9.2;

/** What sends the release back now, the hardest evidence first; undefined: nothing. */
export const failureNow = (state: State, context: GateContext): Failure | undefined =>
  first(state, healthFailure) ??
  first(state, testFailure) ??
  first(state, (name, service) => routingFailure(state, context, name, service)) ??
  first(state, (name, service) => silence(state, context, name, service)) ??
  budgetFailure(state) ??
  first(state, (name, service) =>
    comparable(state, context, name) ? undefined : objectiveFailure(state, name, service),
  );

/** Whether a stable version is served beside the new one. */
export const comparable = (state: State, context: GateContext, name: string): boolean =>
  context.stage.control && state.terms.services[name]?.alone === false;

const first = (
  state: State,
  check: (name: string, service: ServiceState, state: State) => Failure | undefined,
): Failure | undefined => {
  for (const [name, service] of Object.entries(state.services)) {
    const failure = check(name, service, state);
    if (failure) return failure;
  }
  return undefined;
};

const healthFailure = (name: string, { health }: ServiceState, state: State): Failure | undefined =>
  health.failed === null
    ? undefined
    : {
        by: 'health',
        why: `${name}: ${health.failed.row === 1 ? 'a probe' : `${health.failed.row} probes in a row`} of ${state.terms.fresh} failed: ${health.failed.reason}`,
      };

const testFailure = (name: string, service: ServiceState, state: State): Failure | undefined => {
  if (service.errors?.failed)
    return { by: 'errors', why: failedSentence(state, name, 'errors', service.errors) };
  if (service.latency?.failed)
    return { by: 'latency', why: failedSentence(state, name, 'latency', service.latency) };
  return undefined;
};

/** Counts that are missing altogether may still come; counts of zero will not. */
export const mayStillCome = (state: State, context: GateContext, service: ServiceState): boolean =>
  service.unseenFrom >= 0 && context.now - service.unseenFrom < state.terms.noDataFor + state.terms.window;

const routingFailure = (
  state: State,
  context: GateContext,
  name: string,
  service: ServiceState,
): Failure | undefined => {
  const { fresh, stable } = state.terms;
  if (tested(service) && service.unrouted >= ROUTING_FAULT && !mayStillCome(state, context, service))
    return {
      by: 'data',
      why: `${name}: none of about ${countText(2 * service.unrouted)} requests that were due reached ${fresh}: traffic is not routed as configured, or its counts are lost`,
    };
  if (tested(service) && service.unmatched >= ROUTING_FAULT)
    return {
      by: 'data',
      why: `${name}: none of about ${countText(2 * service.unmatched)} requests that were due reached ${stable}: there is nothing to compare ${fresh} with`,
    };
  return undefined;
};

const tested = (service: ServiceState): boolean => service.errors !== null || service.latency !== null;

/** How long a service's counts have been missing, ms. */
export const silentFor = (state: State, context: GateContext, service: ServiceState): number =>
  context.now - Math.max(service.dataAt, state.stages[0]?.startedAt ?? context.stage.startedAt);

const silence = (
  state: State,
  context: GateContext,
  name: string,
  service: ServiceState,
): Failure | undefined => {
  const silent = silentFor(state, context, service);
  // A window can only be seen once it has closed.
  if (!tested(service) || silent < state.terms.noDataFor + state.terms.window) return undefined;
  return {
    by: 'data',
    why: `${name}: no counts for ${spanText(silent)} (allowed: ${spanText(state.terms.noDataFor)}): a release that cannot be seen is not carried on`,
  };
};

const budgetFailure = (state: State): Failure | undefined => {
  const { requests, errorMinutes } = state.terms.budget;
  if (requests === null && errorMinutes === null) return undefined;
  const cost = spent(state);
  const { fresh, stable } = state.terms;
  if (requests !== null && cost.surely > requests)
    return {
      by: 'budget',
      why: `${fresh} has failed about ${countText(cost.requests)} requests that ${stable} would have served, surely more than ${countText(cost.surely)}: the release's budget of ${countText(requests)} is spent`,
    };
  if (errorMinutes !== null && cost.surelyMinutes > errorMinutes)
    return {
      by: 'budget',
      why: `${fresh} has failed as many requests as are served in ${cost.minutes.toPrecision(2)} min, surely in more than ${cost.surelyMinutes.toPrecision(2)}: the release's budget of ${errorMinutes} error minutes is spent`,
    };
  return undefined;
};

/** Rate and its lower 99.5 % limit (Wilson 1927), from 0 to 1. */
export const lowerLimit = (bad: number, all: number): number => {
  if (all === 0) return 0;
  const z2 = 2.576 ** 2;
  const p = Math.min(1, bad / all);
  return Math.max(
    0,
    (p + z2 / (2 * all) - 2.576 * Math.sqrt((p * (1 - p)) / all + z2 / (4 * all * all))) / (1 + z2 / all),
  );
};

/** At 100 % only objectives speak; this is one look at a rate, not a test with a bound. */
const objectiveFailure = (state: State, name: string, service: ServiceState): Failure | undefined => {
  const { objectives, fresh } = state.terms;
  const counts = service.stage;
  if (counts.stage !== state.stages.length - 1) return undefined;
  if (objectives.errors !== null && lowerLimit(counts.errorsFresh, counts.requestsFresh) > objectives.errors)
    return {
      by: 'errors',
      why: `${name}: ${fresh} fails ${shareText(counts.errorsFresh / counts.requestsFresh)} of requests, the objective is at most ${shareText(objectives.errors)}`,
    };
  const slow = state.terms.services[name]?.latency;
  if (
    slow &&
    objectives.slow !== null &&
    lowerLimit(counts.slowFresh, counts.requestsFresh) > objectives.slow
  )
    return {
      by: 'latency',
      why: `${name}: ${shareText(counts.slowFresh / counts.requestsFresh)} of ${fresh}'s requests take longer than ${countText(slow.slowerThanMs)} ms, the objective is at most ${shareText(objectives.slow)}`,
    };
  return undefined;
};
