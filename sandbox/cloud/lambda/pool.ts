import type { Reaper } from '../reaper-client.ts';
import { Environment, type Answer, type Code } from './environment.ts';

/** Environments of one version at most; more invocations wait. On a small machine more would only share a core. */
const MOST = 4;
const IDLE_MS = 30_000;

/** The environments of one version: one for each invocation at a time, kept warm for a while. */
export class Pool {
  readonly #code: Code;
  readonly #reaper: Reaper;
  #idle: Environment[] = [];
  readonly #all = new Set<Environment>();
  readonly #waiting: ((environment: Environment) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(code: Code, reaper: Reaper) {
    this.#code = code;
    this.#reaper = reaper;
  }

  get running(): number {
    return this.#all.size;
  }

  async invoke(requestId: string, event: unknown): Promise<Answer> {
    const environment = await this.#take();
    const answer = await environment.invoke(requestId, event);
    this.#giveBack(environment);
    return answer;
  }

  #take(): Promise<Environment> {
    const warm = this.#idle.pop();
    if (warm !== undefined && !warm.ended) return Promise.resolve(warm);
    if (this.#all.size < MOST || this.#closed) return Promise.resolve(this.#start());
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #start(): Environment {
    const environment = new Environment(this.#code, this.#reaper);
    this.#all.add(environment);
    void environment.exited.then(() => {
      this.#all.delete(environment);
      this.#idle = this.#idle.filter((e) => e !== environment);
      // One that waits for a place gets a new one.
      if (!this.#closed && this.#all.size < MOST) this.#waiting.shift()?.(this.#start());
    });
    return environment;
  }

  #giveBack(environment: Environment): void {
    if (environment.ended) return;
    const next = this.#waiting.shift();
    if (next !== undefined) return next(environment);
    this.#idle.push(environment);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const idle of this.#idle) idle.end();
    }, IDLE_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const all = [...this.#all];
    for (const environment of all) environment.end();
    await Promise.all(all.map((e) => e.exited));
  }
}
