import { messageOf } from '../../lib/errors.ts';
import type { ProbeResult, Prober, ProbeTarget } from '../ports/prober.ts';

type Seen = Pick<ProbeResult, 'healthy' | 'status' | 'version' | 'reason'>;

const bare = (version: string): string => version.replace(/^v/, '');

/** Reads `{"status":"healthy","version":…}`; an answer without a version has none. */
const readAnswer = (body: string): { status: string | undefined; version: string | undefined } => {
  try {
    const { status, version } = JSON.parse(body) as Record<string, unknown>;
    return {
      status: typeof status === 'string' ? status : undefined,
      version: typeof version === 'string' ? version : undefined,
    };
  } catch {
    return { status: undefined, version: undefined };
  }
};

const judge = (target: ProbeTarget, status: number, body: string): Seen => {
  const answer = readAnswer(body);
  const unhealthy = (reason: string): Seen => ({ healthy: false, status, version: answer.version, reason });
  if (status !== 200) return unhealthy(`answered ${status}`);
  if (answer.status !== undefined && answer.status !== 'healthy')
    return unhealthy(`says it is ${answer.status}`);
  if (target.version !== undefined && bare(answer.version ?? '') !== bare(target.version))
    return unhealthy(`answers version ${answer.version ?? 'none'}, expected ${bare(target.version)}`);
  return { healthy: true, status, version: answer.version, reason: undefined };
};

const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);

const probeOne = async (
  target: ProbeTarget,
  signal: AbortSignal | undefined,
): Promise<Omit<ProbeResult, 'healthyTargets'>> => {
  const at = Date.now();
  const startedAt = performance.now();
  const limits = [AbortSignal.timeout(target.timeoutMs), ...(signal === undefined ? [] : [signal])];
  let seen: Seen;
  try {
    const response = await fetch(target.url, {
      headers: target.headers,
      redirect: 'manual',
      signal: AbortSignal.any(limits),
    });
    seen = judge(target, response.status, await response.text());
  } catch (error) {
    signal?.throwIfAborted();
    seen = {
      healthy: false,
      status: undefined,
      version: undefined,
      reason: `no answer: ${reasonOf(error)}`,
    };
  }
  const latencyMs = Math.round((performance.now() - startedAt) * 100) / 100;
  return { service: target.service, at, latencyMs, ...seen };
};

/**
 * Probes slots over HTTP through their preview rules, and asks the load balancer at the same time how it sees their
 * targets. A load balancer that does not answer leaves `healthyTargets` undefined: it says nothing about the version.
 * `noted` hears of every probe.
 */
export const httpProber = (
  targets: Prober['targets'],
  noted?: (target: ProbeTarget, result: ProbeResult) => void,
): Prober => ({
  targets,
  probe: async (wanted, signal) => {
    const [health, seen] = await Promise.all([
      targets(wanted.map((t) => t.targetGroup)).catch(() => undefined),
      Promise.all(wanted.map(async (target) => ({ target, seen: await probeOne(target, signal) }))),
    ]);
    return seen.map(({ target, seen: one }) => {
      const result: ProbeResult = { ...one, healthyTargets: health?.[target.targetGroup]?.healthy };
      noted?.(target, result);
      return result;
    });
  },
});
