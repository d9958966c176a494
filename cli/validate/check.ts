import { messageOf } from '../../lib/errors.ts';

/** What one check of a running environment found. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  readonly expected: string;
  readonly seen: string;
  /** What to do about it; empty where nothing is wrong. */
  readonly mend: string;
  readonly tookMs: number;
}

export interface Seen {
  readonly ok: boolean | 'skipped';
  readonly seen: string;
}

export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly mend: string;
  readonly run: (signal: AbortSignal) => Promise<Seen>;
}

const reasonOf = (error: unknown): string => {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  if (error instanceof Error && error.cause instanceof Error) return error.cause.message;
  return messageOf(error).split('\n')[0] ?? '';
};

const one = async ({ name, expected, mend, run }: Check, timeoutMs: number): Promise<Finding> => {
  const startedAt = performance.now();
  const limit = AbortSignal.timeout(timeoutMs);
  const tooLate = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(limit.reason as Error), { once: true });
  });
  const { ok, seen } = await Promise.race([run(limit), tooLate]).catch((error: unknown): Seen => ({
    ok: false,
    seen: reasonOf(error),
  }));
  return {
    name,
    status: ok === 'skipped' ? 'skipped' : ok ? 'ok' : 'failed',
    expected,
    seen,
    mend: ok === false ? mend : '',
    tookMs: Math.round(performance.now() - startedAt),
  };
};

/** All at once, each for at most `timeoutMs`; in the order of the list. */
export const runChecks = (checks: readonly Check[], timeoutMs: number): Promise<readonly Finding[]> =>
  Promise.all(checks.map((check) => one(check, timeoutMs)));
