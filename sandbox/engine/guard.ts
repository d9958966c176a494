import { setImmediate as turn } from 'node:timers/promises';
import type { Sdk } from './sdk.ts';

type Listener = (reason: unknown, promise: Promise<unknown>) => void;

const EVENT = 'unhandledRejection';

/** Rejections surface one turn after the promise that caused them; after two turns all of them have. */
export const settled = async (): Promise<void> => {
  await turn();
  await turn();
};

/**
 * A throw inside `apply` reaches nobody but `unhandledRejection`. From the first run on, this guard gives each such
 * rejection to the run it came from; all others go where they would have gone without us. It stays: a program that
 * was given up may reject much later, and that must not end the process.
 */
class Guard {
  readonly #runs = new Map<object, (reason: unknown) => void>();
  readonly #ended = new WeakSet<object>();
  #others: readonly Listener[] = [];
  #installed = false;
  #stackTraceLimit = 10;

  #install(sdk: Sdk): void {
    if (this.#installed) return;
    this.#installed = true;
    this.#others = process.listeners(EVENT);
    process.removeAllListeners(EVENT);
    process.on(EVENT, (reason, promise) => this.#route(sdk.currentRun(), reason, promise));
  }

  #route(run: object | undefined, reason: unknown, promise: Promise<unknown>): void {
    const fail = run === undefined ? undefined : this.#runs.get(run);
    if (fail !== undefined) return fail(reason);
    // Its failure has been reported already.
    if (run !== undefined && this.#ended.has(run)) return;
    for (const other of this.#others) other(reason, promise);
    if (this.#others.length > 0 || process.listenerCount(EVENT) > 1) return;
    // What Node does when nobody listens.
    process.nextTick(() => {
      throw reason instanceof Error ? reason : new Error(String(reason));
    });
  }

  enter(sdk: Sdk, run: object, fail: (reason: unknown) => void, stackTraces: boolean): void {
    this.#install(sdk);
    if (this.#runs.size === 0) {
      // The SDK makes several errors per resource in case one is needed; their stacks are half of its time.
      this.#stackTraceLimit = Error.stackTraceLimit;
      if (!stackTraces) Error.stackTraceLimit = 0;
    }
    this.#runs.set(run, fail);
  }

  leave(run: object): void {
    if (!this.#runs.delete(run)) return;
    this.#ended.add(run);
    if (this.#runs.size === 0) Error.stackTraceLimit = this.#stackTraceLimit;
  }
}

export const guard = new Guard();
