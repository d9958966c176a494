import type { Clock } from '../../../lib/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly resolve: () => void;
}

/** Time that passes by itself as soon as nobody has anything left to do: an hour in a millisecond, in order. */
export class TestClock implements Clock {
  private time: number;
  private sleepers: Sleeper[] = [];
  private turning = false;

  constructor(start = 1_700_000_100_000) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  /** The clock of the machine was set. */
  jump(ms: number): void {
    this.time += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const sleeper: Sleeper = { at: this.time + Math.max(0, ms), resolve };
      signal?.addEventListener(
        'abort',
        () => {
          this.sleepers = this.sleepers.filter((s) => s !== sleeper);
          reject(signal.reason as Error);
        },
        { once: true },
      );
      this.sleepers.push(sleeper);
      this.turn();
    });
  }

  private turn(): void {
    if (this.turning) return;
    this.turning = true;
    setImmediate(() => {
      this.turning = false;
      const next = this.sleepers.reduce<Sleeper | undefined>(
        (a, s) => (a === undefined || s.at < a.at ? s : a),
        undefined,
      );
      if (next === undefined) return;
      this.sleepers = this.sleepers.filter((s) => s !== next);
      this.time = Math.max(this.time, next.at);
      next.resolve();
      this.turn();
    });
  }
}
