import { messageOf } from '../../lib/errors.ts';
import type { HttpAnswer, HttpProbe } from '../../release/ports/prober.ts';

/** One HTTP request with a deadline; never throws but for the caller's own signal. */
export const httpProbe = async (probe: HttpProbe, signal?: AbortSignal): Promise<HttpAnswer> => {
  const startedAt = performance.now();
  const limits = [AbortSignal.timeout(probe.timeoutMs), ...(signal === undefined ? [] : [signal])];
  const latencyMs = (): number => Math.round((performance.now() - startedAt) * 100) / 100;
  try {
    const response = await fetch(probe.url, {
      method: probe.method,
      headers: probe.headers,
      redirect: 'manual',
      signal: AbortSignal.any(limits),
      ...(probe.body === undefined ? {} : { body: probe.body }),
    });
    return { ok: true, status: response.status, body: await response.text(), latencyMs: latencyMs() };
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
    return { ok: false, reason: cause ?? messageOf(error), latencyMs: latencyMs() };
  }
};
