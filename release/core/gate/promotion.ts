import { comparable, mayStillCome } from './failure.ts';
import { ratioInterval } from './interval.ts';
import { evidenceOf, type MetricState } from './metric.ts';
import { compared, type Metric } from './sentences.ts';
import type { ServiceState, State } from './state.ts';
import type { MetricTerms, ServiceTerms } from './terms.ts';
import type { GateContext, Verdict } from './types.ts';
import { countText, shareText, spanText, waitText } from './words.ts';

/** Something that a stage still lacks. `counts` cannot be waived: without them nothing was looked at. */
export interface Need {
  readonly kind: 'counts' | 'evidence';
  readonly by: Verdict['by'];
  readonly text: string;
}

/** Weighted evidence from which on a stage does not end, though the release does not go back either. */
export const DOUBT = 5;
/** A ratio that the decisive stage is to rule out. */
const RULED_OUT = 5;
/** Expected at that ratio; four, the stable rate's number, or fewer come twice in 100,000 then (Poisson). */
const ERRORS_WANTED = 20;
const RATE_AT_LEAST = 0.005;
/** Share from which on a stage before the last decides: what it does not see, everybody gets. */
export const DECISIVE_SHARE = 25;

/** Requests of the new version after which an error rate five times the stable one would have shown. */
export const requestsWanted = (stableRate: number): number =>
  Math.ceil(ERRORS_WANTED / Math.max(RULED_OUT * stableRate, RATE_AT_LEAST));

/** What is missing for a `pass` besides time. */
export const needsNow = (state: State, context: GateContext): readonly Need[] => {
  const needs: Need[] = [];
  for (const [name, service] of Object.entries(state.services)) {
    const terms = state.terms.services[name];
    if (terms === undefined || (terms.errors === null && terms.latency === null)) continue;
    const need =
      countsNeed(state, context, name, service) ??
      (comparable(state, context, name)
        ? (doubt(state, name, service, terms) ??
          traffic(state, name, service, true) ??
          requests(state, context, name, service, terms))
        : (objective(state, name, service) ?? traffic(state, name, service, false)));
    if (need) needs.push(need);
  }
  return needs;
};

/** The counts must reach the planned end of the stage: late metrics are waited for, not guessed. */
const countsNeed = (
  state: State,
  context: GateContext,
  name: string,
  service: ServiceState,
): Need | undefined => {
  const width = state.terms.window;
  const end = Math.floor((context.stage.startedAt + context.stage.bake) / width) * width;
  if (service.next < end)
    return {
      kind: 'counts',
      by: 'data',
      text: `${name}: counts of the last ${waitText(end - service.next)} are still to come`,
    };
  if (!comparable(state, context, name) || !mayStillCome(state, context, service)) return undefined;
  return {
    kind: 'counts',
    by: 'data',
    text: `${name}: counts of ${state.terms.fresh} are missing, waited for up to ${spanText(state.terms.noDataFor)}`,
  };
};

const doubt = (state: State, name: string, service: ServiceState, terms: ServiceTerms): Need | undefined => {
  const check = (metric: Metric, tested: MetricState | null, own: MetricTerms | null): Need | undefined => {
    if (tested === null || own === null) return undefined;
    const evidence = evidenceOf(tested, own.weights.hold);
    if (evidence < DOUBT) return undefined;
    return {
      kind: 'evidence',
      by: metric,
      text: `${compared(state, name, metric, tested)}: evidence ${countText(evidence)}, too little to go back (${countText(tested.test.limit)}), too much to go on (${DOUBT})`,
    };
  };
  return check('errors', service.errors, terms.errors) ?? check('latency', service.latency, terms.latency);
};

const traffic = (state: State, name: string, service: ServiceState, control: boolean): Need | undefined => {
  const counts = service.stage;
  const here = counts.stage === state.stages.length - 1;
  const missing = (version: string): Need => ({
    kind: 'evidence',
    by: 'time',
    text: `${name}: ${version} has served no request yet in this stage`,
  });
  if (!here || counts.requestsFresh === 0) return missing(state.terms.fresh);
  return control && counts.requestsStable === 0 ? missing(state.terms.stable) : undefined;
};

const requests = (
  state: State,
  context: GateContext,
  name: string,
  service: ServiceState,
  terms: ServiceTerms,
): Need | undefined => {
  if (context.stage.last || context.stage.share < DECISIVE_SHARE) return undefined;
  const more = Math.max(missingRequests(service.errors, terms.rate), missingRequests(service.latency, 0));
  if (more <= 0) return undefined;
  const { requestsFresh, windows } = service.stage;
  const time = requestsFresh > 0 ? (more / requestsFresh) * windows * state.terms.window : undefined;
  return {
    kind: 'evidence',
    by: 'time',
    text: `${name}: ${countText(more)} more requests of ${state.terms.fresh} are needed${time === undefined ? '' : ` (about ${waitText(time)})`} to rule out ${RULED_OUT} times as many errors`,
  };
};

const missingRequests = (tested: MetricState | null, rate: number): number => {
  if (tested === null) return 0;
  const { requestsStable, badStable, requestsFresh } = tested.test;
  const more = requestsWanted(requestsStable > 0 ? badStable / requestsStable : rate) - requestsFresh;
  if (more <= 0) return 0;
  const upper = ratioInterval(tested.test)?.[1];
  return upper !== undefined && upper < RULED_OUT ? 0 : more;
};

const objective = (state: State, name: string, service: ServiceState): Need | undefined => {
  const { objectives, fresh } = state.terms;
  const counts = service.stage;
  const over = (bad: number, limit: number | null): boolean =>
    limit !== null && counts.requestsFresh > 0 && bad / counts.requestsFresh > limit;
  const say = (by: Metric, bad: number, what: string, limit: number | null): Need => ({
    kind: 'evidence',
    by,
    text: `${name}: ${shareText(bad / counts.requestsFresh)} of ${fresh}'s requests ${what}, the objective is ${shareText(limit ?? 0)}`,
  });
  if (over(counts.errorsFresh, objectives.errors))
    return say('errors', counts.errorsFresh, 'fail', objectives.errors);
  const slow = state.terms.services[name]?.latency;
  return slow && over(counts.slowFresh, objectives.slow)
    ? say('latency', counts.slowFresh, `take longer than ${countText(slow.slowerThanMs)} ms`, objectives.slow)
    : undefined;
};
