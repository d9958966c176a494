import { poisson, someOf, type Random } from '../../../../lib/random.ts';
import type { GateContext, GateState } from '../../../../release/core/gate/types.ts';
import type { Baseline, MetricWindow } from '../../../../release/ports/metrics.ts';

export { PLAIN as SETTINGS } from '../../../../bench/gate/settings.ts';

/** An hour at `rps` with `rate` errors, in windows of 10 s without clusters. */
export const baseline = (rps: number, rate: number): Baseline => ({
  requests: rps * 3600,
  errors: Math.round(rps * 3600 * rate),
  seconds: 3600,
  p50: 20,
  p95: 120,
  p99: 300,
  errorWindows: Array.from({ length: 360 }, () => Math.round(rps * 10 * rate)),
});

export const stage = (change: Partial<GateContext['stage']> = {}): GateContext['stage'] => ({
  index: 0,
  share: 5,
  startedAt: 0,
  bake: 600_000,
  last: false,
  control: true,
  ...change,
});

export const at = (now: number, change: Partial<GateContext['stage']> = {}): GateContext => ({
  now,
  stage: stage(change),
});

type Triple = readonly [requests: number, errors: number, slow?: number];

/** Window number `k` of a service, both sides seen unless told otherwise. */
export const windowOf = (
  k: number,
  fresh: Triple,
  stable: Triple,
  { service = 'auth', width = 10_000, seen = { fresh: true, stable: true } } = {},
): MetricWindow => ({
  service,
  from: k * width,
  to: (k + 1) * width,
  fresh: { requests: fresh[0], errors: fresh[1], slow: fresh[2] ?? 0 },
  stable: { requests: stable[0], errors: stable[1], slow: stable[2] ?? 0 },
  seen,
});

/** Poisson traffic of one window, errors one by one. */
export const traffic = (
  random: Random,
  k: number,
  {
    rps,
    share,
    fresh,
    stable,
    width = 10_000,
  }: {
    rps: number;
    share: number;
    fresh: number;
    stable: number;
    width?: number;
  },
): MetricWindow => {
  const mean = (rps * width) / 1000;
  const nc = poisson(random, (mean * share) / 100);
  const ns = poisson(random, mean * (1 - share / 100));
  return windowOf(k, [nc, someOf(random, nc, fresh)], [ns, someOf(random, ns, stable)], { width });
};

/** A state after a restart of the process. */
export const restarted = (state: GateState): GateState => JSON.parse(JSON.stringify(state)) as GateState;
