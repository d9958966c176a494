import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Target, TargetGroup } from './group.ts';

/** Between two hops only; never passed on. `expect` is answered by this server itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
const FORWARDED = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port']);

const requestHeaders = (request: IncomingMessage, secure: boolean): string[] => {
  const headers: string[] = [];
  const raw = request.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && !FORWARDED.has(lower)) headers.push(name, raw[i + 1] ?? '');
  }
  const before = request.headers['x-forwarded-for'];
  const client = request.socket.remoteAddress ?? '';
  headers.push('x-forwarded-for', before === undefined ? client : `${String(before)}, ${client}`);
  headers.push('x-forwarded-proto', secure ? 'https' : 'http');
  headers.push('x-forwarded-port', String(request.socket.localPort ?? 0));
  return headers;
};

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT']);
const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');

const ERROR_PAGES: Record<number, string> = {
  502: '<html><head><title>502 Bad Gateway</title></head></html>',
  503: '<html><head><title>503 Service Temporarily Unavailable</title></head></html>',
  504: '<html><head><title>504 Gateway Time-out</title></head></html>',
};

/** An answer of the balancer itself. */
export const answerItself = (response: ServerResponse, status: number): void => {
  if (response.destroyed || response.headersSent) return;
  const body = ERROR_PAGES[status] ?? '';
  response.writeHead(status, { 'content-type': 'text/html', 'content-length': Buffer.byteLength(body) });
  response.end(body);
};

/**
 * Carries one request to a target and its answer back. One object per request is undici's own cheap path:
 * header names and values pass through as they are, nothing is collected into objects. (These callbacks are undici 7's;
 * version 8 has others, which collect headers.)
 */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #group: TargetGroup;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #preview: boolean;
  readonly #secure: boolean;
  readonly #startedAt = performance.now();
  #target: Target | undefined;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  readonly #hasBody: boolean;
  #retried = false;
  #latencyMs = 0;
  #status = 0;
  #expected = -1;
  #received = 0;
  #finished = false;

  constructor(
    group: TargetGroup,
    request: IncomingMessage,
    response: ServerResponse,
    how: { preview: boolean; secure: boolean },
  ) {
    this.#group = group;
    this.#request = request;
    const length = request.headers['content-length'];
    this.#hasBody =
      request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
    this.#response = response;
    this.#preview = how.preview;
    this.#secure = how.secure;
  }

  start(): void {
    // A client that goes away takes its request with it.
    this.#response.on('close', () => {
      if (!this.#finished) this.#abort?.(new Error('the client closed the connection'));
    });
    this.#send(this.#group.pick());
  }

  #send(target: Target | undefined): void {
    this.#target = target;
    if (target === undefined) return this.#fail(503, false);
    target.inFlight += 1;
    const { method = 'GET', url = '/' } = this.#request;
    target.pool.dispatch(
      {
        origin: target.origin,
        path: url,
        method,
        headers: requestHeaders(this.#request, this.#secure),
        body: this.#hasBody ? this.#request : null,
      },
      this,
    );
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#response.destroyed) abort(new Error('the client closed the connection'));
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.#latencyMs = performance.now() - this.#startedAt;
    this.#status = status;
    this.#resume = resume;
    const headers: string[] = [];
    for (let i = 0; i < raw.length; i += 2) {
      const name = (raw[i] ?? '').toString('latin1');
      const lower = name.toLowerCase();
      if (HOP_BY_HOP.has(lower)) continue;
      const value = (raw[i + 1] ?? '').toString('latin1');
      if (lower === 'content-length') this.#expected = Number(value);
      headers.push(name, value);
    }
    this.#response.writeHead(status, headers);
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#received += chunk.length;
    // The common short answer: head and body leave in one write.
    if (this.#received === chunk.length && chunk.length === this.#expected) {
      this.#response.end(chunk);
      return true;
    }
    if (this.#response.write(chunk)) return true;
    this.#response.once('drain', () => this.#resume?.());
    return false;
  }

  onComplete(): void {
    this.#done({ connectionError: false, broken: false });
    if (!this.#response.writableEnded) this.#response.end();
  }

  onError(error: Error): void {
    const target = this.#target;
    if (this.#finished) return;
    if (this.#response.destroyed) return this.#abandon();
    if (this.#response.headersSent) {
      this.#done({ connectionError: true, broken: true });
      this.#response.destroy();
      return;
    }
    const { method } = this.#request;
    // Once more only where it can do no harm: a read without a body, of which nothing was answered yet.
    const harmless = (method === 'GET' || method === 'HEAD') && !this.#hasBody;
    if (!this.#retried && harmless && !TIMEOUTS.has(codeOf(error))) {
      this.#retried = true;
      if (target !== undefined) target.inFlight -= 1;
      return this.#send(this.#group.pick(target));
    }
    this.#fail(TIMEOUTS.has(codeOf(error)) ? 504 : 502, true);
  }

  #fail(status: number, connectionError: boolean): void {
    this.#status = status;
    this.#latencyMs = performance.now() - this.#startedAt;
    this.#done({ connectionError, broken: false });
    answerItself(this.#response, status);
  }

  /** The client left before an answer: neither side's fault, not counted (ALB's 460). */
  #abandon(): void {
    this.#finished = true;
    if (this.#target !== undefined) this.#target.inFlight -= 1;
  }

  #done(how: { connectionError: boolean; broken: boolean }): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#target !== undefined) this.#target.inFlight -= 1;
    const { metrics } = this.#group;
    if (this.#preview) metrics.previewRequests += 1;
    else metrics.record(Date.now(), { status: this.#status, latencyMs: this.#latencyMs, ...how });
  }
}
