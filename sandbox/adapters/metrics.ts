import type { Baseline, MetricSource, MetricWindow } from '../../release/ports/metrics.ts';
import type { Sandbox } from '../client.ts';

/** Counts as the sandbox balancer saw them, one second fine: windows may be any whole number of seconds wide. */
export const sandboxMetrics = (sandbox: Sandbox): MetricSource => ({
  windows: (query) => sandbox.call<MetricWindow[]>('POST', '/balancer/windows', query),
  baseline: (targetGroups, lookbackMs, widthMs) =>
    sandbox.call<Record<string, Baseline>>('POST', '/balancer/baseline', {
      targetGroups,
      lookbackMs,
      widthMs,
    }),
});
