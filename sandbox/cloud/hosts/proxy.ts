import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { TargetGroup } from '../balancer/group.ts';
import { answerItself, Relay } from '../balancer/relay.ts';
import type { Call } from './docker.ts';

/** What of nginx's configuration is understood: what config/hosts/proxy.ts renders. */
interface Site {
  readonly listen: number;
  readonly upstreams: ReadonlyMap<string, string>;
  /** Slots with their shares, percent. */
  readonly shares: readonly { readonly slot: string; readonly share: number }[];
  /** Slot that requests without the preview header go to whatever the shares say; undefined: by the shares. */
  readonly users: string | undefined;
  /** What those who are let in nowhere are told. */
  readonly closed: { readonly retryAfter: string; readonly page: string };
  /** Value of the preview header → slot. */
  readonly previews: ReadonlyMap<string, string>;
  readonly locations: readonly {
    readonly path: string;
    readonly exact: boolean;
    readonly upstream: string;
  }[];
  readonly headers: readonly (readonly [string, string])[];
}

class ConfigError extends Error {}

/** As config/hosts/proxy.ts calls it. */
const NOWHERE = 'none';

const matches = (text: string, pattern: RegExp): RegExpExecArray[] => [...text.matchAll(pattern)];

const parseSite = (text: string, file: string): Site => {
  const body = text.replace(/#.*$/gm, '');
  const open = (body.match(/\{/g) ?? []).length;
  if (open !== (body.match(/\}/g) ?? []).length)
    throw new ConfigError(`nginx: [emerg] unexpected end of file, expecting "}" in ${file}`);
  const listen = /listen 127\.0\.0\.1:(\d+);/.exec(body)?.[1];
  if (listen === undefined) throw new ConfigError(`nginx: [emerg] no "listen" in ${file}`);
  const upstreams = new Map(
    matches(body, /upstream ([\w-]+) \{\s*server ([\d.]+:\d+);/g).map(([, name = '', to = '']) => [name, to]),
  );
  const split = /split_clients [^{]*\{([^}]*)\}/.exec(body)?.[1] ?? '';
  const parts = matches(split, /([\d.]+%|\*) (\w+);/g);
  const named = parts
    .filter(([, share]) => share !== '*')
    .map(([, share = '0', slot = '']) => ({ slot, share: Number.parseFloat(share) }));
  const left = 100 - named.reduce((sum, { share }) => sum + share, 0);
  const rest = parts.filter(([, share]) => share === '*').map(([, , slot = '']) => ({ slot, share: left }));
  const map = /map \$http_x_\w+ \S+ \{([^}]*)\}/.exec(body)?.[1] ?? '';
  const users = /default (\$?\w+);/.exec(map)?.[1];
  const closed = /location @closed \{([^}]*)\}/.exec(body)?.[1] ?? '';
  return {
    listen: Number(listen),
    users: users?.startsWith('$') === true ? undefined : users,
    closed: {
      retryAfter: /add_header Retry-After "(\d+)" always;/.exec(closed)?.[1] ?? '',
      page: /return 503 "([^"]*)";/.exec(closed)?.[1] ?? '',
    },
    upstreams,
    shares: [...named, ...rest],
    previews: new Map(matches(map, /"([^"]+)" (\w+);/g).map(([, token = '', slot = '']) => [token, slot])),
    locations: matches(body, /location (= )?(\S+) \{[^}]*?proxy_pass http:\/\/([\w-]+-)\$\w+;/g).map(
      ([, exact, path = '/', upstream = '']) => ({
        path,
        exact: exact !== undefined,
        upstream,
      }),
    ),
    // What is added inside a location is that location's.
    headers: matches(
      body.replace(/location @closed \{[^}]*\}/, ''),
      /add_header (\S+) "([^"]*)" always;/g,
    ).map(([, name = '', value = '']) => [name, value] as const),
  };
};

/** One listening site; its configuration may be replaced between any two requests. */
class Running {
  site: Site;
  readonly server: Server;
  readonly groups = new Map<string, TargetGroup>();

  constructor(site: Site) {
    this.site = site;
    this.server = createServer({ keepAliveTimeout: 75_000 }, (request, response) =>
      this.#handle(request, response),
    );
  }

  #slot(request: IncomingMessage): { slot: string; preview: boolean } {
    const token = request.headers['x-sluice-preview'];
    const preview = typeof token === 'string' ? this.site.previews.get(token) : undefined;
    if (preview !== undefined) return { slot: preview, preview: true };
    if (this.site.users !== undefined) return { slot: this.site.users, preview: false };
    let point = Math.random() * 100;
    for (const { slot, share } of this.site.shares) {
      if (point < share) return { slot, preview: false };
      point -= share;
    }
    return { slot: this.site.shares.at(-1)?.slot ?? 'blue', preview: false };
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { slot, preview } = this.#slot(request);
    if (slot === NOWHERE) {
      const { retryAfter, page } = this.site.closed;
      request.resume();
      return void response
        .writeHead(503, { 'content-type': 'text/html', 'retry-after': retryAfter })
        .end(page);
    }
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const fitting = this.site.locations
      .filter((l) => (l.exact ? path === l.path : path.startsWith(l.path)))
      .sort((a, b) => b.path.length - a.path.length)[0];
    if (fitting === undefined) return answerItself(response, 503);
    const address = this.site.upstreams.get(`${fitting.upstream}${slot}`);
    if (address === undefined) return answerItself(response, 502);
    const writeHead = response.writeHead.bind(response) as (
      status: number,
      headers: unknown,
    ) => ServerResponse;
    // nginx adds its headers to whatever comes from behind.
    response.writeHead = ((status: number, headers: string[] | Record<string, string>) => {
      const added = Array.isArray(headers)
        ? [...headers, ...this.site.headers.flat()]
        : { ...headers, ...Object.fromEntries(this.site.headers) };
      return writeHead(status, added);
    }) as typeof response.writeHead;
    new Relay(this.#group(address), request, response, { preview, secure: false }).start();
  }

  #group(address: string): TargetGroup {
    const known = this.groups.get(address);
    if (known !== undefined) return known;
    const group = new TargetGroup(address, { name: address } as TargetGroup['spec'], Date.now());
    group.add(address).state = 'healthy';
    group.changed();
    this.groups.set(address, group);
    return group;
  }
}

/** The web server of a sandbox host: reads `*.conf` of the home directory's folder `nginx` when it is told to. */
export class Proxy {
  readonly #running = new Map<number, Running>();

  /** `nginx -t` and `nginx -s reload`. */
  async command(call: Call & { readonly home: string }): Promise<number> {
    const { args, home } = call;
    let sites: Site[];
    try {
      const folder = join(home, 'nginx');
      sites = readdirSync(folder)
        .filter((f) => f.endsWith('.conf'))
        .map((f) => parseSite(readFileSync(join(folder, f), 'utf8'), f));
    } catch (error) {
      call.err(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    }
    if (args[0] === '-t') return 0;
    for (const site of sites) {
      const running = this.#running.get(site.listen);
      if (running !== undefined) running.site = site;
      else await this.#open(site);
    }
    return 0;
  }

  async #open(site: Site): Promise<void> {
    const running = new Running(site);
    await new Promise<void>((resolve, reject) => {
      running.server.once('error', reject);
      running.server.listen(site.listen, '127.0.0.1', resolve);
    });
    this.#running.set(site.listen, running);
  }

  async close(): Promise<void> {
    for (const { server, groups } of this.#running.values()) {
      server.closeAllConnections();
      server.close();
      for (const group of groups.values())
        for (const { pool } of group.targets.values()) await pool.destroy();
    }
    this.#running.clear();
  }
}
