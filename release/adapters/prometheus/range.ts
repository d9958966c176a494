import { EXIT, ExpectedError, messageOf, refused } from '../../../lib/errors.ts';
import { Passing, request, retrying } from '../retry.ts';

/** One series at equal steps: labels, and the value at each step where there is one. */
export interface Stepped {
  readonly labels: Readonly<Record<string, string>>;
  /** Identity of the series. */
  readonly key: string;
  /** Time of a step, ms → value. */
  readonly values: ReadonlyMap<number, number>;
}

export interface PrometheusServer {
  /** `http://prometheus:9090`, without `/api`. */
  readonly url: string;
  /** Such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest wait for one answer, ms; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** Prometheus gives at most 11,000 points of a series at once. */
export const MOST_STEPS = 10_000;
const TIMEOUT_MS = 10_000;

interface Answer {
  readonly status?: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType?: string;
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

const keyOf = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

const parse = (answer: Answer): Stepped[] =>
  (answer.data?.result ?? []).map(({ metric, values }) => ({
    labels: metric,
    key: keyOf(metric),
    values: new Map(
      values
        .map(([seconds, text]) => [Math.round(seconds * 1_000), Number(text)] as const)
        .filter(([, value]) => Number.isFinite(value)),
    ),
  }));

/** Values of an expression at `from`, `from + stepMs`, … up to `to` (included), ms. */
export const queryRange = async (
  server: PrometheusServer,
  query: string,
  from: number,
  to: number,
  stepMs: number,
): Promise<readonly Stepped[]> => {
  const body = new URLSearchParams({
    query,
    start: String(from / 1_000),
    end: String(to / 1_000),
    step: String(stepMs / 1_000),
  });
  const url = `${server.url.replace(/\/+$/, '')}/api/v1/query_range`;
  const ask = async (): Promise<Answer> => {
    const headers = { ...server.headers };
    const response = await request(url, { method: 'POST', headers, body }, server.timeoutMs ?? TIMEOUT_MS);
    const text = await response.text();
    try {
      return JSON.parse(text) as Answer;
    } catch {
      throw refused(
        `prometheus at ${server.url} answered ${response.status}, which is no answer of its API`,
        'is this the address of a Prometheus, and is the login right?',
      );
    }
  };
  try {
    const answer = await retrying(ask);
    if (answer.status === 'success') return parse(answer);
    throw new ExpectedError(`prometheus refuses the query: ${answer.error ?? 'no reason given'}: ${query}`, {
      exit: EXIT.badInput,
      hint: 'mend the query template',
    });
  } catch (error) {
    if (!(error instanceof Passing)) throw error;
    throw refused(`prometheus at ${server.url} cannot be asked: ${messageOf(error)}`, 'try again', error);
  }
};
