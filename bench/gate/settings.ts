import type { GateSettings } from '../../config/types.ts';

/** The gate as it is without a word in the configuration, except that latency is left out and inconclusive goes on. */
export const PLAIN: GateSettings = {
  mode: 'statistics',
  falseRollbacks: 1,
  errors: { enabled: true, notWorseThan: 1.5, atLeastPerMinute: 1 },
  latency: { enabled: false, slowerThan: 'p95', notWorseThan: 1.5 },
  window: undefined,
  burst: 10_000,
  warmup: undefined,
  noDataFor: 120_000,
  onInconclusive: 'continue',
  holdback: undefined,
  budget: { requests: undefined, errorMinutes: undefined },
  services: {},
};
