import { ratesOf, ratioOf } from './interval.ts';
import type { MetricState } from './metric.ts';
import type { State } from './state.ts';
import { countText, many, onceIn, ratioText, shareText } from './words.ts';

export type Metric = 'errors' | 'latency';

/** "auth: v2 fails 31 % of requests, v1 0.1 %: 310 times more" */
export const compared = (state: State, name: string, metric: Metric, tested: MetricState): string => {
  const { terms } = state;
  const rates = ratesOf(tested.test) ?? { fresh: 0, stable: 0 };
  const ratio = ratioOf(tested.test);
  const none = `none of ${countText(tested.test.requestsStable)}`;
  const stable = tested.test.badStable === 0 ? none : shareText(rates.stable);
  const times = ratio === undefined || ratio < 1.05 ? '' : `: ${ratioText(ratio)} times as many`;
  if (metric === 'errors')
    return `${name}: ${terms.fresh} fails ${shareText(rates.fresh)} of requests, ${terms.stable} ${stable}${times}`;
  const slow = terms.services[name]?.latency?.slowerThanMs ?? 0;
  return `${name}: ${shareText(rates.fresh)} of ${terms.fresh}'s requests take longer than ${countText(slow)} ms, ${stable} of ${terms.stable}'s${times}`;
};

/** Why a metric has failed, with what chance explains of it: over all metrics and all looks of the release. */
export const failedSentence = (state: State, name: string, metric: Metric, tested: MetricState): string => {
  const { alpha, tests } = state.terms;
  const evidence = (tested.failed?.evidence ?? tested.test.limit) / tests;
  return (
    `${compared(state, name, metric, tested)}, and chance explains that less than once in ${onceIn(evidence)} ` +
    `(threshold: once in ${countText(1 / alpha)} releases)`
  );
};

/** "v2 fails 0.1 % of 12,000 requests, v1 0.11 % of 228,000" over all services; undefined before any were compared. */
export const overall = (state: State): string | undefined => {
  let fresh = 0;
  let badFresh = 0;
  let stable = 0;
  let badStable = 0;
  for (const { errors } of Object.values(state.services)) {
    if (errors === null) continue;
    fresh += errors.test.requestsFresh;
    badFresh += errors.test.badFresh;
    stable += errors.test.requestsStable;
    badStable += errors.test.badStable;
  }
  if (fresh === 0 || stable === 0) return undefined;
  const side = (version: string, bad: number, all: number): string =>
    `${version} fails ${bad === 0 ? 'none' : shareText(bad / all)} of ${countText(all)} requests`;
  return `${side(state.terms.fresh, badFresh, fresh)}, ${side(state.terms.stable, badStable, stable)}`;
};

/** Probes of all services: "30 probes, 1 failed". */
export const probesText = (state: State): string => {
  let probes = 0;
  let bad = 0;
  for (const { health } of Object.values(state.services)) {
    probes += health.probes;
    bad += health.bad;
  }
  return probes === 0
    ? 'no probes yet'
    : `${many(probes, 'probe')}, ${bad === 0 ? 'all healthy' : `${countText(bad)} failed`}`;
};
