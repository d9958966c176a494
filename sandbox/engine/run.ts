import type { Provider } from '../provider/contract.ts';
import { providerResources } from './builtins.ts';
import { Halted } from './failure.ts';
import type { FailureKind } from './failure.ts';
import type { Ledger } from './ledger.ts';
import type { Report } from './report.ts';
import type { EngineOptions, PendingOperation, ResourceState } from './types.ts';
import { isProviderType } from './urn.ts';

const DEFAULT_PARALLEL = 64;

/** One preview, update, refresh or destroy: what its parts share, and the one place where it can be stopped. */
export class Run {
  readonly options: EngineOptions;
  readonly preview: boolean;
  readonly ledger: Ledger;
  readonly report: Report;
  /** Resolves when the run was stopped: by a failure, the program, or a cancellation. */
  readonly stopped: Promise<void>;
  readonly #cancel = new AbortController();
  readonly #busy = new Set<Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #stop: () => void = () => undefined;
  #failure: { kind: FailureKind; error: unknown } | undefined;

  constructor(options: EngineOptions, preview: boolean, ledger: Ledger, report: Report) {
    this.options = options;
    this.preview = preview;
    this.ledger = ledger;
    this.report = report;
    this.#free = options.parallel ?? DEFAULT_PARALLEL;
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  get failure(): { kind: FailureKind; error: unknown } | undefined {
    return this.#failure;
  }

  /** Passed on to handlers; aborted when the user cancels, not when another resource fails. */
  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  /** From here on nothing new is started and the program gets no more answers. The first reason counts. */
  halt(kind: FailureKind, error: unknown): void {
    if (error instanceof Halted) return;
    this.#failure ??= { kind, error };
    if (kind === 'cancelled') this.#cancel.abort(error);
    this.#stop();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  check(): void {
    if (this.#failure !== undefined) throw new Halted();
  }

  /** Follows work that must end before the run does. Its failure stops the run. */
  follow(work: Promise<unknown>): void {
    const followed = work.then(
      () => undefined,
      (error: unknown) => this.halt('resource', error),
    );
    this.#busy.add(followed);
    void followed.then(() => this.#busy.delete(followed));
  }

  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  handler(type: string): Provider {
    return isProviderType(type) ? providerResources : this.options.provider;
  }

  /**
   * Runs one operation of a handler: as many at a time as allowed, none after a halt, and noted in the ledger so
   * that a kill leaves its trace. `work` hands the number it gets to the ledger together with the result. A failed
   * operation has an end too; only an unseen one stays pending.
   */
  async operate<T>(
    type: PendingOperation['type'],
    resource: ResourceState,
    work: (operation: number | undefined) => Promise<T>,
  ): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      this.check();
      if (this.preview) return await work(undefined);
      const id = this.ledger.begin(type, resource);
      try {
        return await work(id);
      } finally {
        this.ledger.end(id);
      }
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
