import type { ProbeResult, ProbeTarget } from '../ports/prober.ts';

export interface ProbesMade {
  readonly requests: number;
  readonly errors: number;
  readonly slow: number;
}

/** Which probes were made lately, so that a metric source that cannot tell them from users' requests can. */
export interface ProbeTally {
  note(target: ProbeTarget, result: ProbeResult): void;
  /** Probes of a target group that ended in `[from, to)`, ms. */
  made(targetGroup: string, from: number, to: number, slowerThanMs: number | undefined): ProbesMade;
}

const KEPT_MS = 30 * 60_000;

export const probeTally = (): ProbeTally => {
  const groups = new Map<string, { at: number; error: boolean; latencyMs: number }[]>();
  return {
    note: ({ targetGroup }, { at, status, latencyMs }) => {
      // A probe without an answer may not have reached a target, and then nobody has counted it.
      if (status === undefined) return;
      const ended = at + latencyMs;
      const kept = (groups.get(targetGroup) ?? []).filter((p) => p.at > ended - KEPT_MS);
      groups.set(targetGroup, [...kept, { at: ended, error: status >= 500, latencyMs }]);
    },
    made: (targetGroup, from, to, slowerThanMs) => {
      const inside = (groups.get(targetGroup) ?? []).filter((p) => p.at >= from && p.at < to);
      return {
        requests: inside.length,
        errors: inside.filter((p) => p.error).length,
        slow: slowerThanMs === undefined ? 0 : inside.filter((p) => p.latencyMs > slowerThanMs).length,
      };
    },
  };
};
