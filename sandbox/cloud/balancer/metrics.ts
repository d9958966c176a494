import { merge, observe, quantile, slowerThan, type Histogram } from './histogram.ts';
import type { Baseline, Counts } from '../../../release/ports/metrics.ts';

/** One second of one target group, by the time a request ended. */
export interface Bucket {
  requests: number;
  /** Answers by class; `byClass[5]` holds the balancer's own 502, 503, 504 for this group too. */
  byClass: [number, number, number, number, number, number];
  /** Connections to a target that failed, before or in the middle of an answer. */
  connectionErrors: number;
  /** Requests that count as errors: 5xx, and answers that broke off. */
  errors: number;
  latency: Histogram;
}

const emptyBucket = (): Bucket => ({
  requests: 0,
  byClass: [0, 0, 0, 0, 0, 0],
  connectionErrors: 0,
  errors: 0,
  latency: new Map(),
});

/** How long counts are kept. */
export const KEPT_SECONDS = 2 * 3_600;
const SWEEP_EVERY = 300;

export interface Observation {
  readonly status: number;
  /** From forwarding to the first byte of the answer, as ALB's TargetResponseTime. */
  readonly latencyMs: number;
  readonly connectionError: boolean;
  /** The answer broke off after its status was sent. */
  readonly broken: boolean;
}

/** Counts of one target group. Requests through a preview rule are no users' requests and are kept apart. */
export class GroupMetrics {
  readonly since: number;
  previewRequests = 0;
  total = 0;
  errors = 0;
  readonly #buckets = new Map<number, Bucket>();
  #current: Bucket = emptyBucket();
  #second = -1;

  constructor(now: number) {
    this.since = now;
  }

  record(now: number, seen: Observation): void {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) this.#open(second);
    const bucket = this.#current;
    const isError = seen.broken || seen.status >= 500;
    const kind = Math.floor(seen.status / 100) as 0 | 1 | 2 | 3 | 4 | 5;
    bucket.requests += 1;
    bucket.byClass[kind] += 1;
    if (seen.connectionError) bucket.connectionErrors += 1;
    if (isError) bucket.errors += 1;
    observe(bucket.latency, seen.latencyMs);
    this.total += 1;
    if (isError) this.errors += 1;
  }

  #open(second: number): void {
    this.#second = second;
    this.#current = this.#buckets.get(second) ?? emptyBucket();
    this.#buckets.set(second, this.#current);
    if (second % SWEEP_EVERY !== 0) return;
    for (const old of this.#buckets.keys()) if (old < second - KEPT_SECONDS) this.#buckets.delete(old);
  }

  /** Everything that ended in `[from, to)`, ms. */
  sum(from: number, to: number): Bucket {
    const sum = emptyBucket();
    // Nothing was counted before the group existed: a query since 1970 costs no more than one since then.
    const first = Math.ceil(Math.max(from, Math.floor(this.since / 1_000) * 1_000) / 1_000);
    for (let second = first; second * 1_000 < to; second += 1) {
      const bucket = this.#buckets.get(second);
      if (bucket === undefined) continue;
      sum.requests += bucket.requests;
      sum.connectionErrors += bucket.connectionErrors;
      sum.errors += bucket.errors;
      for (const kind of [1, 2, 3, 4, 5] as const) sum.byClass[kind] += bucket.byClass[kind];
      merge(sum.latency, bucket.latency);
    }
    return sum;
  }
}

const rounded = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round(ms * 100) / 100;

/** Counts of one window as the release core wants them. */
export const countsOf = (bucket: Bucket, slowerThanMs: number | undefined): Counts => {
  const p50 = rounded(quantile(bucket.latency, 0.5));
  const p95 = rounded(quantile(bucket.latency, 0.95));
  return {
    requests: bucket.requests,
    errors: bucket.errors,
    slow: slowerThanMs === undefined ? 0 : slowerThan(bucket.latency, slowerThanMs),
    ...(p50 === undefined ? {} : { p50 }),
    ...(p95 === undefined ? {} : { p95 }),
  };
};

/** What the stable version did in the `lookbackMs` before `now`, in whole windows. */
export const baselineOf = (
  metrics: GroupMetrics,
  now: number,
  lookbackMs: number,
  widthMs: number,
): Baseline => {
  const to = Math.floor(now / widthMs) * widthMs;
  const born = Math.ceil(metrics.since / widthMs) * widthMs;
  const from = Math.max(to - Math.floor(lookbackMs / widthMs) * widthMs, Math.min(born, to));
  const all = metrics.sum(from, to);
  const errorWindows: number[] = [];
  for (let at = from; at < to; at += widthMs) errorWindows.push(metrics.sum(at, at + widthMs).errors);
  return {
    requests: all.requests,
    errors: all.errors,
    seconds: (to - from) / 1_000,
    p50: rounded(quantile(all.latency, 0.5)),
    p95: rounded(quantile(all.latency, 0.95)),
    p99: rounded(quantile(all.latency, 0.99)),
    errorWindows,
  };
};
