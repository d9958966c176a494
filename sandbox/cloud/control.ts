import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../lib/errors.ts';
import { CloudError } from './options.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  /** Ends when the client goes away before it has its answer. */
  readonly signal: AbortSignal;
  /** What `*` at the end of the route stood for. */
  readonly rest: string;
}
export interface Route {
  /** `GET /status`, `PUT /secrets/*`. */
  readonly at: string;
  /** Whether it may be called without the token: then its address is all that is needed. */
  readonly open?: true;
  handle(request: Request): unknown;
}

const LONGEST_BODY = 64 * 1_048_576;

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_BODY) throw new CloudError('TooLarge', 'the request body is too large');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  const body = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
};

const authorised = (request: IncomingMessage, token: string): boolean => {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const answer = (response: ServerResponse, status: number, value: unknown): void => {
  if (response.destroyed) return;
  const body = JSON.stringify(value ?? null);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
};

const find = (
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; rest: string } | undefined => {
  for (const route of routes) {
    const [wantedMethod, wantedPath = ''] = route.at.split(' ');
    if (wantedMethod !== method) continue;
    if (wantedPath === path) return { route, rest: '' };
    const prefix = wantedPath.endsWith('*') ? wantedPath.slice(0, -1) : undefined;
    if (prefix !== undefined && path.startsWith(prefix) && path.length > prefix.length)
      return { route, rest: decodeURIComponent(path.slice(prefix.length)) };
  }
  return undefined;
};

/** Serves the control routes as JSON. What the cloud refuses is 422 with `{error, code}`; a bug is 500. */
export const controlHandler =
  (routes: readonly Route[], token: string, log: (line: string) => void) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort(new Error('the caller went away'));
    });
    const handle = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const method = request.method ?? 'GET';
      const found = find(routes, method, url.pathname);
      if (found === undefined) return answer(response, 404, { error: `no ${method} ${url.pathname}` });
      if (found.route.open !== true && !authorised(request, token))
        return answer(response, 401, { error: 'the token is missing or wrong' });
      const result = await found.route.handle({
        method,
        path: url.pathname,
        query: url.searchParams,
        body: await bodyOf(request),
        signal: gone.signal,
        rest: found.rest,
      });
      answer(response, 200, result);
    };
    handle().catch((error: unknown) => {
      if (error instanceof CloudError)
        return answer(response, 422, { error: error.message, code: error.code });
      log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      answer(response, 500, { error: messageOf(error) });
    });
  };
