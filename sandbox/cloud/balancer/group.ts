import { Pool } from 'undici';
import { GroupMetrics } from './metrics.ts';
import type { GroupSpec } from './types.ts';

export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'draining';

/** One process behind a target group. */
export interface Target {
  readonly id: string;
  readonly origin: string;
  readonly pool: Pool;
  state: TargetState;
  /** What the last health check saw, for people. */
  lastAnswer: string;
  passes: number;
  failures: number;
  inFlight: number;
}

// Enough connections for bursts; more only makes the target's event loop juggle.
const CONNECTIONS = 64;
const IDLE_MS = 60_000;

/** Registered targets and which of them may get requests. */
export class TargetGroup {
  readonly arn: string;
  spec: GroupSpec;
  readonly targets = new Map<string, Target>();
  readonly metrics: GroupMetrics;
  #candidates: Target[] = [];
  #turn = 0;

  constructor(arn: string, spec: GroupSpec, now: number) {
    this.arn = arn;
    this.spec = spec;
    this.metrics = new GroupMetrics(now);
  }

  /** `id` is `host:port`. */
  add(id: string): Target {
    const origin = `http://${id}`;
    const pool = new Pool(origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      headersTimeout: IDLE_MS,
      bodyTimeout: IDLE_MS,
      connectTimeout: 5_000,
    });
    const target: Target = {
      id,
      origin,
      pool,
      state: 'initial',
      lastAnswer: 'not checked yet',
      passes: 0,
      failures: 0,
      inFlight: 0,
    };
    this.targets.set(id, target);
    this.changed();
    return target;
  }

  /** Call after a target's state was changed. */
  changed(): void {
    const present = [...this.targets.values()].filter((t) => t.state !== 'draining');
    const healthy = present.filter((t) => t.state === 'healthy');
    // ALB fails open: with no healthy target, all registered ones get requests.
    this.#candidates = healthy.length > 0 ? healthy : present;
  }

  /** The next target in turn, another than `not` where there is one; undefined when none is registered. */
  pick(not?: Target): Target | undefined {
    const candidates = this.#candidates;
    for (let i = 0; i < candidates.length; i += 1) {
      this.#turn = (this.#turn + 1) % candidates.length;
      const target = candidates[this.#turn];
      if (target !== not) return target;
    }
    return candidates[0];
  }

  health(): { healthy: number; total: number } {
    const present = [...this.targets.values()].filter((t) => t.state !== 'draining');
    return { healthy: present.filter((t) => t.state === 'healthy').length, total: present.length };
  }
}
