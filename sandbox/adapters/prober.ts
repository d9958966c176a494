import { messageOf } from '../../lib/errors.ts';
import type { ProbeResult, Prober, ProbeTarget } from '../../release/ports/prober.ts';
import type { Sandbox } from '../client.ts';

type Health = Readonly<Record<string, { readonly healthy: number; readonly total: number }>>;
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

const probeOne = async (
  target: ProbeTarget,
  health: Health,
  signal: AbortSignal | undefined,
): Promise<ProbeResult> => {
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
      reason: `no answer: ${messageOf(error)}`,
    };
  }
  return {
    service: target.service,
    at,
    latencyMs: Math.round((performance.now() - startedAt) * 100) / 100,
    healthyTargets: health[target.targetGroup]?.healthy,
    ...seen,
  };
};

/** Probes slots through their preview rules, and asks the balancer how it sees their targets. */
export const sandboxProber = (sandbox: Sandbox): Prober => {
  const targets = (targetGroups: readonly string[]): Promise<Health> =>
    sandbox.call<Health>('POST', '/balancer/targets', { targetGroups });
  return {
    targets,
    probe: async (wanted, signal) => {
      const health = await targets(wanted.map((t) => t.targetGroup));
      return Promise.all(wanted.map((target) => probeOne(target, health, signal)));
    },
  };
};
