/**
 * How long one look takes: 1,000 services with errors, latency and probes, one more window each, then the verdict.
 * `node bench/gate/look.ts`; ends with 1 when the median of 20 looks is above 20 ms of processor time, which does not
 * depend on what else the machine is doing.
 */
import type { GateSettings } from '../../config/types.ts';
import { poisson, seeded } from '../../lib/random.ts';
import { gate } from '../../release/core/gate/gate.ts';
import type { GateContext } from '../../release/core/gate/types.ts';
import type { Baseline, MetricWindow } from '../../release/ports/metrics.ts';
import type { Claim } from './claims.ts';
import { PLAIN } from './settings.ts';

const SERVICES = 1000;
const BEFORE = 60;
const LOOKS = 20;
const LIMIT = 20;
const WIDTH = 10_000;

const settings: GateSettings = {
  ...PLAIN,
  latency: { ...PLAIN.latency, enabled: true },
  window: WIDTH,
  holdback: 5,
  budget: { requests: 1e9, errorMinutes: 1e6 },
};

const past: Baseline = {
  requests: 360_000,
  errors: 360,
  seconds: 3600,
  p50: 20,
  p95: 120,
  p99: 300,
  errorWindows: Array.from({ length: 360 }, () => 1),
};

const names = Array.from({ length: SERVICES }, (_, k) => `service-${k}`);
const random = seeded(1);

const windows = (k: number): readonly MetricWindow[] =>
  names.map((service) => ({
    service,
    from: k * WIDTH,
    to: (k + 1) * WIDTH,
    fresh: { requests: 500, errors: poisson(random, 0.5), slow: poisson(random, 25) },
    stable: { requests: 500, errors: poisson(random, 0.5), slow: poisson(random, 25) },
    seen: { fresh: true, stable: true },
  }));

const context = (now: number): GateContext => ({
  now,
  stage: { index: 0, share: 50, startedAt: 0, bake: 3_600_000, last: false, control: true },
});

/** Processor time of a look, ms. */
export const look = (): { readonly median: number; readonly slowest: number } => {
  let state = gate.enter(
    gate.open(settings, names, Object.fromEntries(names.map((name) => [name, past]))),
    context(0),
  );
  const times: number[] = [];
  for (let k = 0; k < BEFORE + LOOKS; k += 1) {
    const next = windows(k);
    const now = (k + 1) * WIDTH;
    const probes = names.map((service) => ({
      service,
      at: now,
      healthy: true,
      status: 200,
      version: undefined,
      latencyMs: 3,
      healthyTargets: 2,
      reason: undefined,
    }));
    const start = process.cpuUsage();
    state = gate.probed(gate.observe(state, next), probes, 3);
    gate.judge(state, context(now));
    const { user, system } = process.cpuUsage(start);
    if (k >= BEFORE) times.push((user + system) / 1000);
  }
  times.sort((a, b) => a - b);
  return { median: times[LOOKS / 2] ?? Infinity, slowest: times.at(-1) ?? Infinity };
};

/** The promise, measured now. */
export const lookClaim = (): Claim => {
  const { median, slowest } = look();
  return {
    name: `a look at ${SERVICES.toLocaleString('en')} services x 3 metrics: at most ${LIMIT} ms of processor time`,
    state: median <= LIMIT ? 'kept' : 'broken',
    detail: `median ${median.toFixed(1)} ms, slowest ${slowest.toFixed(1)} ms of ${LOOKS}`,
    again: [],
  };
};

if (import.meta.main) {
  const { name, state, detail } = lookClaim();
  console.log(`${name}: ${state}, ${detail}`);
  process.exitCode = state === 'kept' ? 0 : 1;
}
