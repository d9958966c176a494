import type { z } from 'zod';
import { ExpectedError, EXIT, refused } from '../../../lib/errors.ts';
import { redactText } from '../../../lib/redact.ts';
import { Passing, retrying } from '../retry.ts';

export interface GithubSettings {
  /** `https://api.github.com`, or that of a GitHub Enterprise Server; without a slash at its end. */
  readonly api: string;
  /** Never printed. */
  readonly token: string;
  /** `owner/name` */
  readonly repository: string;
  /** Longest wait for one answer, ms. Default: 8 seconds. */
  readonly timeoutMs?: number;
  /** Default: 4. */
  readonly tries?: number;
  /** Longest first pause between two tries, ms; doubled each time. Default: 250. */
  readonly firstPauseMs?: number;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  /** Below the API's address, with its query. */
  readonly path: string;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Path of the next page. */
  readonly next: string | undefined;
}

/** One repository on GitHub. */
export interface GithubClient {
  /** `/repos/owner/name` */
  readonly root: string;
  /** Resolves to the answer's body; undefined for 404. */
  readonly call: (call: Call) => Promise<unknown>;
  /** Every page of a list. */
  readonly all: (path: string) => Promise<readonly unknown[]>;
}

const TIMEOUT_MS = 8_000;
/** 100 entries a page: nobody has more. */
const MOST_PAGES = 100;
/** A rate limit that ends sooner is waited for. */
const SHORT_WAIT_MS = 8_000;

const name = ({ method = 'GET', path }: Call): string => `${method} ${path.split('?')[0] ?? path}`;

/** The next page is asked for only where the first one came from. */
const nextOf = (link: string | null, api: string): string | undefined => {
  const url = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
  return url?.startsWith(`${api}/`) === true ? url.slice(api.length) : undefined;
};

interface Limit {
  readonly afterMs: number;
  readonly until: string;
}

/** Primary limits say when they end, secondary ones how long to wait. */
const limitOf = (response: Response): Limit | undefined => {
  if (response.status !== 403 && response.status !== 429) return undefined;
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  const reset = Number(response.headers.get('x-ratelimit-reset') ?? Number.NaN) * 1_000;
  const spent = response.headers.get('x-ratelimit-remaining') === '0';
  if (Number.isFinite(after))
    return { afterMs: after * 1_000, until: new Date(Date.now() + after * 1_000).toISOString() };
  if (spent && Number.isFinite(reset))
    return { afterMs: Math.max(0, reset - Date.now()), until: new Date(reset).toISOString() };
  return response.status === 429 ? { afterMs: 60_000, until: 'a minute from now' } : undefined;
};

const saidBy = (body: unknown): string => {
  const said = (body as { message?: unknown } | null)?.message;
  return typeof said === 'string' ? said : '';
};

const parsed = async (response: Response): Promise<unknown> => {
  const text = await response.text();
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return { message: text.slice(0, 200) };
  }
};

export const githubClient = (settings: GithubSettings): GithubClient => {
  const { api, token, repository, timeoutMs = TIMEOUT_MS } = settings;
  const hide = (text: string): string => redactText(text, [token]);
  const fail = (call: Call, why: string, hint: string): ExpectedError =>
    refused(hide(`GitHub: ${name(call)}: ${why}`), hint);

  const send = async (call: Call): Promise<Response> => {
    const { method = 'GET', path, body } = call;
    try {
      return await fetch(`${api}${path}`, {
        method,
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${token}`,
          'user-agent': 'sluice',
          'x-github-api-version': '2022-11-28',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      throw unreached(call, error);
    }
  };

  /** A request that may have been done already is not sent a second time. */
  const unreached = (call: Call, error: unknown): Error => {
    const late = error instanceof Error && error.name === 'TimeoutError';
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = late
      ? `no answer within ${timeoutMs / 1_000} s`
      : hide(cause instanceof Error ? cause.message : '?');
    return (call.method ?? 'GET') === 'POST' && late ? down(call, why) : new Passing(why, undefined, error);
  };
  const down = (call: Call, why: string): ExpectedError =>
    fail(call, why, 'see https://www.githubstatus.com, then start again: nothing was changed');

  const once = async (call: Call): Promise<Answer> => {
    const response = await send(call);
    const limit = limitOf(response);
    if (limit !== undefined) {
      await response.body?.cancel();
      const why = `the rate limit is used up until ${limit.until}`;
      if (limit.afterMs <= SHORT_WAIT_MS) throw new Passing(why, limit.afterMs);
      throw fail(call, why, 'start again then: nothing was changed');
    }
    if (response.status >= 500) {
      await response.body?.cancel();
      if (call.method === 'POST') throw down(call, `answered ${response.status}`);
      throw new Passing(`answered ${response.status}`);
    }
    const body = await parsed(response);
    if (response.ok || response.status === 404)
      return { status: response.status, body, next: nextOf(response.headers.get('link'), api) };
    throw denied(call, response, body);
  };

  const denied = (call: Call, response: Response, body: unknown): ExpectedError => {
    const said = saidBy(body);
    if (response.status === 401)
      return fail(call, 'the token is not accepted', 'give the job a valid GITHUB_TOKEN');
    if (response.status === 403) {
      const needs = response.headers.get('x-accepted-github-permissions');
      const hint = needs === null ? 'see the permissions of its token' : `give its token: ${needs}`;
      return fail(call, `not allowed (${said})`, hint);
    }
    return new ExpectedError(hide(`GitHub: ${name(call)}: answered ${response.status}: ${said}`), {
      exit: EXIT.refused,
    });
  };

  const ask = async (call: Call): Promise<Answer> => {
    const { tries, firstPauseMs: firstMs } = settings;
    try {
      return await retrying(() => once(call), {
        ...(tries === undefined ? {} : { tries }),
        ...(firstMs === undefined ? {} : { firstMs }),
      });
    } catch (error) {
      if (error instanceof Passing) throw down(call, error.message);
      throw error;
    }
  };

  return {
    root: `/repos/${repository}`,
    call: async (call) => {
      const { status, body } = await ask(call);
      if (status !== 404) return body;
      if ((call.method ?? 'GET') === 'GET') return undefined;
      throw fail(call, 'not found', 'does it exist, and may the token see it?');
    },
    all: async (path) => {
      const entries: unknown[] = [];
      let next: string | undefined = `${path}${path.includes('?') ? '&' : '?'}per_page=100`;
      for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
        const answer: Answer = await ask({ path: next });
        if (answer.status === 404) return entries;
        if (Array.isArray(answer.body)) entries.push(...(answer.body as unknown[]));
        next = answer.next;
      }
      return entries;
    },
  };
};

/** What GitHub answered, as far as it is used. Throws (exit 3) when it is something else. */
export const understood = <T extends z.ZodType>(schema: T, body: unknown): z.output<T> => {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const first = read.error.issues[0];
  throw refused(
    `GitHub answered something that cannot be understood: ${first?.path.join('.') ?? ''}: ${first?.message ?? ''}`,
    'is GITHUB_API_URL the address of a GitHub API?',
  );
};
