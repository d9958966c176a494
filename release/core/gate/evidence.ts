import { ratioInterval, ratioOf } from './interval.ts';
import { evidenceOf, type MetricState } from './metric.ts';
import type { ServiceState, State } from './state.ts';
import type { MetricTerms } from './terms.ts';
import type { Evidence } from './types.ts';

/** The numbers behind a verdict: every metric that is tested, and the probes where there were any. */
export const evidenceNow = (state: State): readonly Evidence[] => {
  const all: Evidence[] = [];
  for (const [name, service] of Object.entries(state.services)) {
    const terms = state.terms.services[name];
    if (service.errors && terms?.errors)
      all.push(
        terms.alone
          ? aloneEvidence(name, 'errors', service)
          : metricEvidence(name, 'errors', service, service.errors, terms.errors),
      );
    if (service.latency && terms?.latency)
      all.push(
        terms.alone
          ? aloneEvidence(name, 'latency', service)
          : metricEvidence(name, 'latency', service, service.latency, terms.latency),
      );
    if (service.health.probes > 0) all.push(healthEvidence(name, service));
  }
  return all;
};

const metricEvidence = (
  service: string,
  metric: 'errors' | 'latency',
  counts: ServiceState,
  state: MetricState,
  terms: MetricTerms,
): Evidence => ({
  service,
  metric,
  fresh: { requests: state.test.requestsFresh, bad: state.test.badFresh },
  stable: { requests: state.test.requestsStable, bad: state.test.badStable },
  ratio: ratioOf(state.test),
  interval: ratioInterval(state.test),
  eValue: evidenceOf(state, terms.weights.hold),
  threshold: state.test.limit,
  windows: state.test.windows,
  skipped: state.test.skipped + counts.warmup + counts.mixed + counts.missing,
  note: noteOf(counts, state, metric),
});

/** Which windows were left out of the tests, and why. */
const noteOf = (
  counts: ServiceState,
  state: MetricState,
  metric: 'errors' | 'latency',
): string | undefined => {
  const parts: string[] = [];
  const say = (many: number, text: string): void => {
    if (many > 0) parts.push(`${many} ${text}`);
  };
  say(counts.warmup, 'warm-up');
  say(
    state.test.skipped,
    `after ${metric === 'errors' ? 'errors' : 'slow requests'} of the new version, because a burst may go on (they count in the second lane)`,
  );
  say(counts.mixed, 'in which the share changed');
  say(counts.missing - counts.late, 'missing');
  say(counts.late, 'came too late');
  return parts.length === 0 ? undefined : `windows left out: ${parts.join('; ')}`;
};

const aloneEvidence = (service: string, metric: 'errors' | 'latency', { stage }: ServiceState): Evidence => ({
  service,
  metric,
  fresh: { requests: stage.requestsFresh, bad: metric === 'errors' ? stage.errorsFresh : stage.slowFresh },
  ...NOTHING,
  windows: stage.windows,
  note: 'new in this release: nothing to compare it with',
});

const NOTHING = {
  stable: { requests: 0, bad: 0 },
  ratio: undefined,
  interval: undefined,
  eValue: undefined,
  threshold: undefined,
  skipped: 0,
} as const;

const healthEvidence = (service: string, state: ServiceState): Evidence => ({
  service,
  metric: 'health',
  fresh: { requests: state.health.probes, bad: state.health.bad },
  ...NOTHING,
  windows: 0,
  note: state.health.failed?.reason,
});
