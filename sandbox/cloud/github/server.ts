import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ENDPOINTS, type Endpoint, type Reply } from './endpoints.ts';
import { GithubState, type GithubFault, type Token } from './state.ts';

/** A small GitHub on loopback: the endpoints that releases use, with tokens, permissions, pages and payloads checked. */
export interface LocalGithub {
  readonly url: string;
  /** May do everything; of the login `sandbox`. */
  readonly token: string;
  readonly state: GithubState;
  close(): Promise<void>;
}

const LONGEST_BODY = 2 * 1_048_576;

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
};

const matched = (pattern: string, path: string): Record<string, string> | undefined => {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const named: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? '';
    if (part.startsWith(':')) named[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return named;
};

const find = (
  method: string,
  path: string,
): { endpoint: Endpoint; path: Record<string, string> } | undefined => {
  for (const endpoint of ENDPOINTS) {
    const [wanted, pattern = ''] = endpoint.at.split(' ');
    const named = wanted === method ? matched(pattern, path) : undefined;
    if (named !== undefined) return { endpoint, path: named };
  }
  return undefined;
};

const needsText = (endpoint: Endpoint): string => endpoint.needs.map(([p, a]) => `${p}=${a}`).join('; ');

const allows = ({ permissions }: Token, { needs }: Endpoint): boolean =>
  permissions === 'all' ||
  needs.some(([permission, access]) => {
    if (permission === 'metadata') return true;
    const has = permissions[permission.replaceAll('_', '-')] ?? permissions[permission];
    return has === 'write' || has === access;
  });

interface Answered extends Reply {
  readonly headers?: Readonly<Record<string, string>>;
  readonly needs?: string;
}

const said = (status: number, message: string, headers: Record<string, string> = {}): Answered => ({
  status,
  body: { message },
  headers,
});

const broken = (fault: GithubFault): Answered | undefined => {
  switch (fault.kind) {
    case 'down':
      return said(503, 'Service Unavailable');
    case 'rateLimited':
      return said(403, 'API rate limit exceeded', {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + fault.seconds),
      });
    case 'slow':
      return undefined;
  }
};

/** A page of a list, and where the next one is. */
const paged = (reply: Reply, url: URL, base: string): Answered => {
  if (reply.list === undefined) return reply;
  const size = Math.min(100, Math.max(1, Number(url.searchParams.get('per_page') ?? 30)));
  const page = Math.max(1, Number(url.searchParams.get('page') ?? 1));
  const body = reply.list.slice((page - 1) * size, page * size);
  if (page * size >= reply.list.length) return { status: reply.status, body };
  const next = new URL(`${url.pathname}${url.search}`, base);
  next.searchParams.set('page', String(page + 1));
  return { status: reply.status, body, headers: { link: `<${next.toString()}>; rel="next"` } };
};

/** Whose token a request carries; undefined: none that is known here. */
const tokenOf = (state: GithubState, request: IncomingMessage): Token | undefined =>
  state.tokens.get((request.headers.authorization ?? '').replace(/^(Bearer|token) /, ''));

const answerTo = async (state: GithubState, request: IncomingMessage, base: string): Promise<Answered> => {
  const url = new URL(request.url ?? '/', base);
  const method = request.method ?? 'GET';
  const fault = state.takeFault();
  if (fault?.kind === 'slow') await delay(fault.ms);
  const failed = fault === undefined ? undefined : broken(fault);
  if (failed !== undefined) return failed;
  if ((request.headers['user-agent'] ?? '') === '') return said(403, 'Request forbidden: no user agent');
  const token = tokenOf(state, request);
  if (token === undefined) return said(401, 'Bad credentials');
  if (method === 'GET' && url.pathname === '/user')
    return token.login === undefined
      ? said(403, 'Resource not accessible by integration')
      : { status: 200, body: { login: token.login } };
  const found = find(method, url.pathname);
  if (found === undefined) return said(404, 'Not Found');
  const needs = needsText(found.endpoint);
  const repository = state.repositories.get(`${found.path['owner'] ?? ''}/${found.path['repo'] ?? ''}`);
  if (repository === undefined) return { ...said(404, 'Not Found'), needs };
  if (!allows(token, found.endpoint))
    return {
      ...said(403, 'Resource not accessible by integration', { 'x-accepted-github-permissions': needs }),
      needs,
    };
  const login = token.login ?? 'github-actions[bot]';
  const asked = {
    repository,
    path: found.path,
    query: url.searchParams,
    body: await bodyOf(request),
    state,
    login,
  };
  return { ...paged(found.endpoint.handle(asked), url, base), needs };
};

const reply = (response: ServerResponse, { status, body, headers }: Answered): void => {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
};

const KEPT = 2_000;

/** Starts it on a free port of loopback. */
export const startGithub = async (token: string): Promise<LocalGithub> => {
  const state = new GithubState();
  state.tokens.set(token, { token, login: 'sandbox', permissions: 'all' });
  let base = '';
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await answerTo(state, request, base);
    const as = tokenOf(state, request)?.name;
    state.seen.push({
      method: request.method ?? 'GET',
      path: (request.url ?? '').split('?')[0] ?? '',
      status: answer.status,
      needs: answer.needs,
      ...(as === undefined ? {} : { as }),
    });
    if (state.seen.length > KEPT) state.seen.shift();
    reply(response, answer);
  };
  const server: Server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => reply(response, said(500, String(error))));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: base,
    token,
    state,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
