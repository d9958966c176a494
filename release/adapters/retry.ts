import { setTimeout as delay } from 'node:timers/promises';

/** Thrown for what may be better in a moment; anything else is not tried again. */
export class Passing extends Error {
  override readonly name = 'Passing';
  /** When the other side asked to be left alone, ms. */
  readonly afterMs: number | undefined;
  constructor(message: string, afterMs?: number, cause?: unknown) {
    super(message, { cause });
    this.afterMs = afterMs;
  }
}

const TRIES = 4;
const FIRST_MS = 250;
const LONGEST_MS = 8_000;

/** Tries again after `Passing`, with full jitter: many runners that failed together do not come back together. */
export const retrying = async <T>(
  act: () => Promise<T>,
  { tries = TRIES, firstMs = FIRST_MS, random = Math.random } = {},
): Promise<T> => {
  for (let n = 1; ; n += 1)
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Passing) || n >= tries) throw error;
      const most = Math.min(LONGEST_MS, firstMs * 2 ** n);
      await delay(Math.min(LONGEST_MS, error.afterMs ?? 0) + random() * most);
    }
};

/** One HTTP request with a deadline. No connection, 429 and 5xx are `Passing`; every other answer is given back. */
export const request = async (url: string, init: RequestInit, timeoutMs: number): Promise<Response> => {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Passing(cause instanceof Error ? cause.message : String(cause), undefined, error);
  }
  if (response.status !== 429 && response.status < 500) return response;
  const after = Number(response.headers.get('retry-after'));
  await response.body?.cancel();
  throw new Passing(`answered ${response.status}`, Number.isFinite(after) ? after * 1_000 : undefined);
};
