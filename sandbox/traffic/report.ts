import { merge, observe, quantile, type Histogram } from '../cloud/balancer/histogram.ts';

export interface Failure {
  /** ms since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** HTTP status, or 0 without an answer. */
  readonly status: number;
  readonly version: string;
  readonly reason: string;
}

/** Counts of one second, as they are reported while the traffic runs. */
export interface Second {
  readonly at: number;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly inFlight: number;
  /** Answers per `x-version` header. */
  readonly versions: Readonly<Record<string, number>>;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
}

export interface Summary {
  readonly sent: number;
  readonly answered: number;
  /** No answer, or a status from 500. */
  readonly failed: number;
  /** Arrivals that were not sent because too many were unanswered: the generator's own limit, no failure of the application. */
  readonly shed: number;
  readonly seconds: number;
  readonly rate: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, number>>;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  /** The first twenty in detail. */
  readonly failures: readonly Failure[];
}

const KEPT_FAILURES = 20;
const count = (map: Record<string, number>, key: string): void => {
  map[key] = (map[key] ?? 0) + 1;
};
const rounded = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round(ms * 100) / 100;

/** Adds up what happened to requests. Latencies count from the moment a request was due, not from when it got its turn. */
export class Report {
  #sent = 0;
  #answered = 0;
  #failed = 0;
  #shed = 0;
  readonly #byStatus: Record<string, number> = {};
  readonly #versions: Record<string, number> = {};
  readonly #latency: Histogram = new Map();
  readonly #failures: Failure[] = [];
  #second = {
    sent: 0,
    answered: 0,
    failed: 0,
    versions: {} as Record<string, number>,
    latency: new Map() as Histogram,
  };

  sent(): void {
    this.#sent += 1;
    this.#second.sent += 1;
  }
  shed(): void {
    this.#shed += 1;
  }
  get inFlight(): number {
    return this.#sent - this.#answered - (this.#byStatus['0'] ?? 0);
  }

  answered(status: number, version: string, latencyMs: number): void {
    this.#answered += 1;
    this.#second.answered += 1;
    count(this.#byStatus, String(status));
    count(this.#versions, version);
    count(this.#second.versions, version);
    observe(this.#second.latency, latencyMs);
  }

  /** Also call `answered` before, when there was an answer. */
  failed(failure: Failure): void {
    if (failure.status === 0) count(this.#byStatus, '0');
    this.#failed += 1;
    this.#second.failed += 1;
    if (this.#failures.length < KEPT_FAILURES) this.#failures.push(failure);
  }

  /** Closes the current second. */
  second(now: number): Second {
    const { latency, ...counts } = this.#second;
    merge(this.#latency, latency);
    this.#second = { sent: 0, answered: 0, failed: 0, versions: {}, latency: new Map() };
    const p50 = rounded(quantile(latency, 0.5));
    const p95 = rounded(quantile(latency, 0.95));
    return { at: now, ...counts, inFlight: this.inFlight, p50, p95 };
  }

  summary(seconds: number): Summary {
    const latency = merge(merge(new Map(), this.#latency), this.#second.latency);
    return {
      sent: this.#sent,
      answered: this.#answered,
      failed: this.#failed,
      shed: this.#shed,
      seconds: Math.round(seconds * 10) / 10,
      rate: seconds === 0 ? 0 : Math.round(this.#sent / seconds),
      byStatus: this.#byStatus,
      versions: this.#versions,
      p50: rounded(quantile(latency, 0.5)),
      p95: rounded(quantile(latency, 0.95)),
      p99: rounded(quantile(latency, 0.99)),
      failures: this.#failures,
    };
  }
}
