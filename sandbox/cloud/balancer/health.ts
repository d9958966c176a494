import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../lib/errors.ts';
import { statusMatches } from './match.ts';
import type { Target, TargetGroup } from './group.ts';

const FIRST_CHECKS_MS = 50;
const SHORTEST_INTERVAL_MS = 250;

const ask = async (group: TargetGroup, target: Target): Promise<{ ok: boolean; answer: string }> => {
  const { path, timeoutMs, matcher } = group.spec.healthCheck;
  try {
    const response = await target.pool.request({
      path,
      method: 'GET',
      headers: { 'user-agent': 'ELB-HealthChecker/2.0' },
      signal: AbortSignal.timeout(Math.max(timeoutMs, 1_000)),
    });
    await response.body.dump();
    return {
      ok: statusMatches(matcher, response.statusCode),
      answer: `${path} answered ${response.statusCode}`,
    };
  } catch (error) {
    return { ok: false, answer: `${path} did not answer: ${messageOf(error)}` };
  }
};

/** A new target is healthy after its first pass; later changes need the thresholds in a row, as with ALB. */
const judge = (group: TargetGroup, target: Target, ok: boolean): void => {
  const { healthyThreshold, unhealthyThreshold } = group.spec.healthCheck;
  target.passes = ok ? target.passes + 1 : 0;
  target.failures = ok ? 0 : target.failures + 1;
  if (target.state === 'draining') return;
  const before = target.state;
  if (ok && (before === 'initial' || target.passes >= healthyThreshold)) target.state = 'healthy';
  if (!ok && target.failures >= unhealthyThreshold) target.state = 'unhealthy';
  if (target.state !== before) group.changed();
};

/** Checks one target until the signal ends it. */
export const watchHealth = async (
  group: TargetGroup,
  target: Target,
  timeFactor: number,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    if (group.spec.healthCheck.enabled) {
      const { ok, answer } = await ask(group, target);
      target.lastAnswer = answer;
      if (!signal.aborted) judge(group, target, ok);
    } else if (target.state === 'initial') judge(group, target, true);
    // Until a target has passed once it is looked at often: start-up should not wait for an interval.
    const waiting = target.state === 'initial' || (target.state === 'unhealthy' && target.failures < 40);
    const interval = Math.max(SHORTEST_INTERVAL_MS, group.spec.healthCheck.intervalMs * timeFactor);
    await delay(waiting ? FIRST_CHECKS_MS : interval, undefined, { signal, ref: false }).catch(
      () => undefined,
    );
  }
};
