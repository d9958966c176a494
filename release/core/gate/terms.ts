import type { GateSettings } from '../../../config/types.ts';
import type { Baseline } from '../../ports/metrics.ts';
import { clusterSize, LANE_WEIGHTS, type LaneWeights } from './errors.ts';
import { historyLimit, HOLDBACK_WEIGHTS, SLOWEST_FOR_HOLDBACK } from './holdback.ts';
import type { GateAbout } from './types.ts';
import { joinWindows, referenceOf, warmupWindows, windowWidth } from './window.ts';

/** What was agreed when the gate was opened, frozen: settings, the stable version's past, the division of alpha. */
export interface GateTerms {
  readonly window: number;
  readonly burst: number;
  /** Windows left out at the start of the release. */
  readonly warmup: number;
  readonly noDataFor: number;
  /** Of the whole release, 0 to 1. */
  readonly alpha: number;
  /** Over how many metrics alpha is divided. */
  readonly tests: number;
  readonly onInconclusive: GateSettings['onInconclusive'];
  readonly patience: number;
  readonly budget: { readonly requests: number | null; readonly errorMinutes: number | null };
  /** Shares from 0 to 1. */
  readonly objectives: { readonly errors: number | null; readonly slow: number | null };
  readonly fresh: string;
  readonly stable: string;
  readonly services: Readonly<Record<string, ServiceTerms>>;
}

export interface ServiceTerms {
  /** Error rate before the release. */
  readonly rate: number;
  readonly perSecond: number;
  /** New with this release: no stable version beside it to compare with. */
  readonly alone: boolean;
  readonly errors: MetricTerms | null;
  readonly latency: (MetricTerms & { readonly slowerThanMs: number }) | null;
}

export interface MetricTerms {
  readonly r0: number;
  readonly atLeastPerMinute: number;
  /** Errors that count as one in lane C. */
  readonly cluster: number;
  readonly weights: LaneWeights & { readonly hold: number };
  /** Highest error rate the past can explain, for lane H; null: no such lane. */
  readonly holdLimit: number | null;
}

export const PATIENCE = 3;
const FIRST_SHARE = 5;
const NO_BASELINE: Baseline = {
  requests: 0,
  errors: 0,
  seconds: 0,
  p50: undefined,
  p95: undefined,
  p99: undefined,
  errorWindows: [],
};

const perSecond = (baseline: Baseline): number =>
  baseline.seconds > 0 ? baseline.requests / baseline.seconds : 0;

export const openTerms = (
  settings: GateSettings,
  names: readonly string[],
  baselines: Readonly<Record<string, Baseline>>,
  about: GateAbout = {},
): GateTerms => {
  const past = (name: string): Baseline => baselines[name] ?? NO_BASELINE;
  const busiest = Math.max(0, ...names.map((name) => perSecond(past(name))));
  const window = windowWidth(settings, busiest, about.share ?? FIRST_SHARE);
  const services: Record<string, ServiceTerms> = {};
  let tests = 0;
  for (const name of names) {
    // Others have a past and this one has none: it did not exist. No past at all: it could not be asked for.
    const alone = baselines[name] === undefined && Object.keys(baselines).length > 0;
    const terms = serviceTerms({ ...settings, ...settings.services[name] }, past(name), window);
    services[name] = { ...terms, alone };
    if (!alone) tests += (terms.errors ? 1 : 0) + (terms.latency ? 1 : 0);
  }
  return {
    window,
    burst: settings.burst,
    warmup: warmupWindows(settings, window),
    noDataFor: settings.noDataFor,
    alpha: Math.min(0.5, Math.max(1e-9, settings.falseRollbacks / 100)),
    tests: Math.max(1, tests),
    onInconclusive: settings.onInconclusive,
    patience: Math.max(1, settings.patience ?? PATIENCE),
    budget: {
      requests: settings.budget.requests ?? null,
      errorMinutes: settings.budget.errorMinutes ?? null,
    },
    objectives: {
      errors: percent(settings.objectives?.errors),
      slow: percent(settings.objectives?.slow),
    },
    fresh: about.fresh ?? 'the new version',
    stable: about.stable ?? 'the stable version',
    services,
  };
};

const percent = (value: number | undefined): number | null => (value === undefined ? null : value / 100);

const serviceTerms = (
  settings: GateSettings,
  baseline: Baseline,
  window: number,
): Omit<ServiceTerms, 'alone'> => {
  const rate = baseline.requests > 0 ? baseline.errors / baseline.requests : 0;
  const base = { rate, perSecond: perSecond(baseline) };
  if (settings.mode === 'health') return { ...base, errors: null, latency: null };
  const tau = threshold(settings.latency.slowerThan, baseline);
  return {
    ...base,
    errors: settings.errors.enabled ? errorTerms(settings, baseline, window) : null,
    latency:
      settings.latency.enabled && tau !== undefined
        ? { ...latencyTerms(settings, baseline, window), slowerThanMs: tau }
        : null,
  };
};

/** The latency above which a request counts as slow, frozen before the release; undefined without a past. */
const threshold = (slowerThan: GateSettings['latency']['slowerThan'], baseline: Baseline) =>
  typeof slowerThan === 'number' ? slowerThan : baseline[slowerThan];

const errorTerms = (settings: GateSettings, baseline: Baseline, window: number): MetricTerms => {
  const reference = referenceOf(joinWindows(baseline.errorWindows, baseline, window));
  const holdback = settings.holdback !== undefined && perSecond(baseline) >= SLOWEST_FOR_HOLDBACK;
  return {
    r0: settings.errors.notWorseThan,
    atLeastPerMinute: settings.errors.atLeastPerMinute,
    cluster: clusterSize(reference),
    // Fixed when the gate opens: weights that changed on the way would give away more than alpha.
    weights: holdback ? HOLDBACK_WEIGHTS : { ...LANE_WEIGHTS, hold: 0 },
    holdLimit: holdback ? historyLimit(baseline, reference) : null,
  };
};

const latencyTerms = (settings: GateSettings, baseline: Baseline, window: number): MetricTerms => {
  const past = baseline.slowWindows;
  const reference =
    past === undefined
      ? undefined
      : referenceOf(joinWindows(past, { ...baseline, errorWindows: past }, window));
  return {
    r0: settings.latency.notWorseThan,
    atLeastPerMinute: settings.errors.atLeastPerMinute,
    cluster: clusterSize(reference),
    weights: { ...LANE_WEIGHTS, hold: 0 },
    holdLimit: null,
  };
};
