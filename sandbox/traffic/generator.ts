import { setTimeout as delay } from 'node:timers/promises';
import { Pool, type Dispatcher } from 'undici';
import { arrivals, visitor, type Visit } from './plan.ts';
import { Report, type Second, type Summary } from './report.ts';

export interface TrafficPlan {
  /** Base address, e.g. `http://127.0.0.1:1234`. */
  readonly url: string;
  /** Requests per second. */
  readonly rate: number;
  readonly seed: number;
  readonly visits: readonly Visit[];
  readonly headers: Readonly<Record<string, string>>;
  /** The rate grows from nothing in this time. */
  readonly rampMs: number;
  /** No answer after this long is a failure. */
  readonly timeoutMs: number;
}

const TICK_MS = 2;
const CONNECTIONS = 128;
const MOST_IN_FLIGHT = 4_000;

/** Follows one request; the cheap path of undici, without collected headers. */
class Visitor implements Dispatcher.DispatchHandler {
  readonly #visit: Visit;
  readonly #due: number;
  readonly #report: Report;
  #status = 0;
  #version = 'none';
  constructor(visit: Visit, due: number, report: Report) {
    this.#visit = visit;
    this.#due = due;
    this.#report = report;
  }
  onConnect(): void {
    // Nothing to do: requests are never taken back.
  }
  onHeaders(status: number, headers: Buffer[]): boolean {
    this.#status = status;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i];
      if (name?.length === 9 && name.toString('latin1').toLowerCase() === 'x-version')
        this.#version = headers[i + 1]?.toString('latin1') ?? 'none';
      // Lambda answers 200 although the function failed, and says so beside it.
      else if (name?.length === 20 && name.toString('latin1') === 'x-amz-function-error') this.#status = 502;
    }
    return true;
  }
  onData(): boolean {
    return true;
  }
  onComplete(): void {
    this.#report.answered(this.#status, this.#version, performance.now() - this.#due);
    if (this.#status >= 500) this.#failed(`status ${this.#status}`, this.#status);
  }
  onError(error: Error): void {
    this.#failed(error.message, 0);
  }
  #failed(reason: string, status: number): void {
    const { method, path } = this.#visit;
    this.#report.failed({ at: Date.now(), method, path, status, version: this.#version, reason });
  }
}

/** Sends requests at a constant rate, whatever becomes of them, until it is stopped. */
export class Generator {
  readonly #plan: TrafficPlan;
  readonly #report = new Report();
  readonly #pool: Pool;
  readonly #stop = new AbortController();
  #seconds = 0;

  constructor(plan: TrafficPlan) {
    this.#plan = plan;
    this.#pool = new Pool(plan.url, {
      connections: CONNECTIONS,
      pipelining: 1,
      headersTimeout: plan.timeoutMs,
      bodyTimeout: plan.timeoutMs,
      connectTimeout: plan.timeoutMs,
    });
  }

  /** Runs until `stop`; `onSecond` is called every second. */
  async run(onSecond: (second: Second) => void): Promise<Summary> {
    const next = visitor(this.#plan.visits, this.#plan.seed);
    const nextArrival = arrivals(this.#plan.rate, this.#plan.seed, this.#plan.rampMs);
    const startedAt = performance.now();
    let due = startedAt + nextArrival();
    let reportAt = startedAt + 1_000;
    while (!this.#stop.signal.aborted) {
      const now = performance.now();
      while (due <= now) {
        this.#send(next(), due);
        due = startedAt + nextArrival();
      }
      if (now >= reportAt) {
        reportAt += 1_000;
        onSecond(this.#report.second(Date.now()));
      }
      await delay(TICK_MS);
    }
    this.#seconds = (performance.now() - startedAt) / 1_000;
    return this.#finish();
  }

  stop(): void {
    this.#stop.abort();
  }

  #send(visit: Visit, due: number): void {
    if (this.#report.inFlight >= MOST_IN_FLIGHT) return this.#report.shed();
    this.#report.sent();
    this.#pool.dispatch(
      {
        path: visit.path,
        method: visit.method,
        headers:
          visit.body === undefined
            ? this.#plan.headers
            : { ...this.#plan.headers, 'content-type': 'application/json' },
        body: visit.body ?? null,
      },
      new Visitor(visit, due, this.#report),
    );
  }

  /** Waits for the answers that are still on their way. */
  async #finish(): Promise<Summary> {
    const deadline = performance.now() + this.#plan.timeoutMs + 500;
    while (this.#report.inFlight > 0 && performance.now() < deadline) await delay(10);
    await this.#pool.destroy();
    return this.#report.summary(this.#seconds);
  }
}
