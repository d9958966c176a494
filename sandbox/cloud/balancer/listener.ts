import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compileConditions, type Matcher } from './match.ts';
import { answerItself, Relay } from './relay.ts';
import { splitter } from './weights.ts';
import type { TargetGroup } from './group.ts';
import type { Action, ListenerSpec, RuleSpec } from './types.ts';

export interface CompiledAction {
  readonly action: Action;
  readonly next: () => string | undefined;
}
export interface CompiledRule extends CompiledAction {
  readonly arn: string;
  readonly spec: RuleSpec;
  readonly matches: Matcher;
  /** A rule that asks for a header reaches a slot for probes: its requests are no users' requests. */
  readonly preview: boolean;
}

export const compileAction = (action: Action): CompiledAction => ({
  action,
  next: action.kind === 'forward' ? splitter(action.groups) : () => undefined,
});

export const compileRule = (arn: string, spec: RuleSpec): CompiledRule => ({
  arn,
  spec,
  matches: compileConditions(spec.conditions),
  preview: spec.conditions.some((c) => c.kind === 'header'),
  ...compileAction(spec.action),
});

/** A listener: its rules by priority, and its own loopback address. Rules may be replaced between any two requests. */
export class Listener {
  readonly arn: string;
  spec: ListenerSpec;
  rules: readonly CompiledRule[] = [];
  fallback: CompiledAction;
  address = '';
  #server: Server | undefined;

  constructor(arn: string, spec: ListenerSpec) {
    this.arn = arn;
    this.spec = spec;
    this.fallback = compileAction(spec.action);
  }

  setRules(rules: readonly CompiledRule[]): void {
    this.rules = [...rules].sort((a, b) => a.spec.priority - b.spec.priority);
  }

  async open(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<void> {
    this.#server = await serve(handle);
    this.address = addressOf(this.#server);
  }

  async close(): Promise<void> {
    if (this.#server !== undefined) await closeServer(this.#server);
  }
}

/** An HTTP server on a free loopback port that keeps connections of clients open for long. */
export const serve = async (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> => {
  const server = createServer({ keepAliveTimeout: 75_000, noDelay: true }, handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', 1_024, resolve);
  });
  return server;
};

export const addressOf = (server: Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Lets requests in flight finish for a moment, then closes what is left. */
export const closeServer = async (server: Server): Promise<void> => {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const hurry = setTimeout(() => server.closeAllConnections(), 1_000);
  await closed;
  clearTimeout(hurry);
};

const redirectTo = (
  action: Extract<Action, { kind: 'redirect' }>,
  request: IncomingMessage,
  portAddress: (port: string) => string | undefined,
): string => {
  const url = request.url ?? '/';
  const [path = '/', query = ''] = url.split('?', 2);
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  const fill = (text: string): string =>
    text
      .replaceAll('#{protocol}', 'http')
      .replaceAll('#{host}', host)
      .replaceAll('#{port}', String(request.socket.localPort ?? 80))
      .replaceAll('#{path}', path.replace(/^\//, ''))
      .replaceAll('#{query}', query);
  const search = fill(action.query);
  const rest = `${fill(action.path)}${search === '' ? '' : `?${search}`}`;
  // To a listener of the same load balancer: its loopback address, which speaks plain HTTP whatever its protocol.
  const local = portAddress(fill(action.port));
  if (local !== undefined) return `http://${local}${rest}`;
  return `${fill(action.protocol).toLowerCase()}://${fill(action.host)}:${fill(action.port)}${rest}`;
};

export interface Surroundings {
  group(arn: string): TargetGroup | undefined;
  /** Address of the same load balancer's listener on that port. */
  portAddress(listener: Listener, port: string): string | undefined;
}

/** Finds the rule for one request and does what it says. */
export const handleRequest = (
  listener: Listener,
  around: Surroundings,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  const facts = { url: request.url ?? '/', method: request.method ?? 'GET', headers: request.headers };
  const rule = listener.rules.find((r) => r.matches(facts));
  const chosen = rule ?? listener.fallback;
  const { action } = chosen;
  switch (action.kind) {
    case 'forward': {
      const arn = chosen.next();
      const group = arn === undefined ? undefined : around.group(arn);
      if (group === undefined) return answerItself(response, 503);
      const how = { preview: rule?.preview ?? false, secure: listener.spec.protocol === 'HTTPS' };
      return new Relay(group, request, response, how).start();
    }
    case 'fixed':
      response.writeHead(action.status, {
        'content-type': action.contentType,
        'content-length': Buffer.byteLength(action.body),
      });
      response.end(action.body);
      return;
    case 'redirect': {
      const location = redirectTo(action, request, (port) => around.portAddress(listener, port));
      response.writeHead(action.status, { location, 'content-length': 0 });
      response.end();
      return;
    }
    default:
      action satisfies never;
  }
};
