import type { Clock } from '../../lib/clock.ts';
import type { LeaseStore } from '../adapters/lease.ts';
import type { LeaseAnswer } from '../core/lease/lease.ts';

/** Keeps the lease alive while this runner works, and knows at any time whether it may still act. */
export interface LeaseKeeper {
  /** Asks until granted or taken by another deployment. A lease of the same deployment is waited for. */
  acquire(preempt: boolean, signal: AbortSignal): Promise<LeaseAnswer & { kind: 'granted' | 'taken' }>;
  /** Resolves when this runner holds the lease; `false` when it is somebody else's now. */
  mayAct(signal: AbortSignal): Promise<boolean>;
  readonly held: boolean;
  letGo(keepMs?: number): Promise<void>;
  /** Ends the heartbeat without touching the lease. */
  stop(): void;
}

export interface KeeperOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly deployment: string;
  readonly holder: string;
  readonly token: string;
  readonly ttlMs: number;
  /** Called once, with the deployment that has the lease now. */
  readonly onLost: (to: string) => void;
}

export const leaseKeeper = (o: KeeperOptions): LeaseKeeper => {
  const { store, clock, token, ttlMs } = o;
  let expiresAt: number | undefined;
  let lost = false;
  const heart = new AbortController();
  const margin = ttlMs / 6;

  const lose = async (): Promise<void> => {
    if (lost) return;
    lost = true;
    heart.abort();
    const now = await store.read().catch(() => undefined);
    o.onLost(now?.deployment ?? 'unknown');
  };
  /** Renews once. A store that cannot be reached is no loss: the lease simply runs out. */
  const renewOnce = async (): Promise<void> => {
    try {
      const until = await store.renew(token, ttlMs);
      if (until === undefined) await lose();
      else expiresAt = until;
    } catch {
      // Tried again at the next beat; nothing starts once the lease has run out.
    }
  };
  const beat = async (): Promise<void> => {
    try {
      while (!heart.signal.aborted) {
        await clock.sleep(ttlMs / 3, heart.signal);
        if (expiresAt !== undefined) await renewOnce();
      }
    } catch {
      // Stopped.
    }
  };
  return {
    get held() {
      return expiresAt !== undefined && !lost;
    },
    acquire: async (preempt, signal) => {
      for (;;) {
        signal.throwIfAborted();
        const answer = await store.acquire({
          deployment: o.deployment,
          holder: o.holder,
          token,
          ttlMs,
          preempt,
        });
        if (answer.kind === 'wait') {
          await clock.sleep(Math.max(50, Math.min(answer.until - clock.now(), ttlMs / 3)), signal);
          continue;
        }
        if (answer.kind === 'granted') {
          const first = expiresAt === undefined;
          expiresAt = answer.lease.expiresAt;
          if (first) void beat();
        }
        return answer;
      }
    },
    mayAct: async (signal) => {
      for (;;) {
        if (lost || expiresAt === undefined) return false;
        if (clock.now() < expiresAt - margin) return true;
        await renewOnce();
        if (lost) return false;
        if (clock.now() >= expiresAt - margin) await clock.sleep(1000, signal);
      }
    },
    letGo: async (keepMs) => {
      heart.abort();
      if (expiresAt === undefined || lost) return;
      expiresAt = undefined;
      await store.letGo(token, keepMs);
    },
    stop: () => heart.abort(),
  };
};
