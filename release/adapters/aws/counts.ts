import type { Counts } from '../../ports/metrics.ts';
import type { ProbesMade } from '../probe-tally.ts';

/** What CloudWatch has of one target group in one window. Absent counts are zero: it publishes no zeros. */
export interface RawCounts {
  readonly requests?: number;
  readonly twos?: number;
  readonly threes?: number;
  readonly fours?: number;
  /** 5xx that targets answered. */
  readonly fives?: number;
  /** Answers whose time is known, and the percentage of them within the latency threshold. */
  readonly timed?: number;
  readonly withinPercent?: number;
  /** Seconds. */
  readonly p50?: number;
  readonly p95?: number;
}

/**
 * Answers of the balancer itself (502, 504) name no target group, so errors of a version are its requests minus its
 * good answers. That difference also holds what is no error (a switch to WebSocket, a client that went away) and, for
 * a while, good answers that CloudWatch has not published yet; errors cannot be more than the targets' own 5xx and
 * all 5xx of the balancer, `balancerFives`, together.
 */
export const countsOf = (
  raw: RawCounts,
  balancerFives: number,
  wantsSlow: boolean,
  probes: ProbesMade,
): { readonly counts: Counts; readonly agrees: boolean } => {
  const { requests: asked = 0, twos = 0, threes = 0, fours = 0, fives = 0, timed = 0 } = raw;
  const good = twos + threes + fours;
  const requests = Math.max(asked, good + fives);
  const rest = requests - good;
  const most = fives + balancerFives;
  const slowPercent = raw.withinPercent === undefined ? 0 : 100 - raw.withinPercent;
  const slow = wantsSlow ? Math.round((timed * slowPercent) / 100) : 0;
  const less = (n: number, by: number): number => Math.max(0, Math.round(n) - by);
  const counts: Counts = {
    requests: less(requests, probes.requests),
    errors: less(Math.min(rest, most), probes.errors),
    slow: less(slow, probes.slow),
    ...(raw.p50 === undefined ? {} : { p50: milliseconds(raw.p50) }),
    ...(raw.p95 === undefined ? {} : { p95: milliseconds(raw.p95) }),
  };
  const timesThere = !wantsSlow || timed === 0 || raw.withinPercent !== undefined;
  return { counts, agrees: rest <= most && requests === asked && timesThere };
};

/** Milliseconds, two digits, from seconds. */
export const milliseconds = (seconds: number): number => Math.round(seconds * 100_000) / 100;
