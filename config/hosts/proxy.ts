import type { Slot } from '../release.types.ts';
import { SLOTS, type SlotName } from '../types.ts';
import { closedPage, retryAfterSeconds } from '../maintenance.ts';
import { projectName } from './compose.ts';
import type { HostsApp } from './types.ts';

export interface ProxyArgs {
  readonly slots: { readonly [S in SlotName]?: Slot };
  /** Percent of traffic per slot. */
  readonly traffic: Readonly<Record<SlotName, number>>;
  /** Nobody but probes is let in. */
  readonly closed?: boolean;
  /** Value of the preview header per slot: lets probes reach a slot without traffic. */
  readonly tokens: { readonly [S in SlotName]?: string };
}

/** What the engine calls the way of users to a service, and a slot's copy of it. */
export const ruleOf = (service: string): string => `hosts/${service}`;
export const groupOf = (service: string, slot: string): string => `hosts/${service}/${slot}`;

/** Header that a probe sends. */
export const HOST_PREVIEW_HEADER = 'x-sluice-preview';

const upstreamName = (app: HostsApp, service: string): string => `${projectName(app)}-${service}-`;

const other = (slot: SlotName): SlotName => (slot === 'blue' ? 'green' : 'blue');

/** A service that only one of the slots has is served from that slot. */
const upstreams = (app: HostsApp, { slots }: ProxyArgs): string[] =>
  SLOTS.flatMap((slot) =>
    Object.keys(
      slots[slot] === undefined ? {} : { ...slots.blue?.services, ...slots.green?.services },
    ).flatMap((service) => {
      const { publish, publishGreen } = app.target.services[service] ?? {};
      const there = slots[slot]?.services[service] === undefined ? other(slot) : slot;
      const port = there === 'green' ? publishGreen : publish;
      return port === undefined
        ? []
        : [`upstream ${upstreamName(app, service)}${slot} { server 127.0.0.1:${port}; keepalive 32; }`];
    }),
  );

/** `location` of a path pattern: `/api/*` is a prefix, `/health` is that path alone. */
const location = (pattern: string): string => (pattern.endsWith('*') ? pattern.slice(0, -1) : `= ${pattern}`);

const locations = (app: HostsApp, args: ProxyArgs): string[] => {
  const services = { ...args.slots.green?.services, ...args.slots.blue?.services };
  return Object.entries(services).flatMap(([service, { paths }]) =>
    app.target.services[service]?.publish === undefined
      ? []
      : paths.map((path) =>
          [
            `  location ${location(path)} {`,
            `    proxy_pass http://${upstreamName(app, service)}$sluice_slot;`,
            '    proxy_http_version 1.1;',
            '    proxy_set_header Connection "";',
            '    proxy_set_header Host $host;',
            '    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
            '    proxy_next_upstream error timeout;',
            '  }',
          ].join('\n'),
        ),
  );
};

const share = (percent: number): string => `${percent.toFixed(2)}%`;

/** Lines of the block that shares requests out; a slot without traffic is in none. `last` gets all where nobody has any. */
export const sharesBlock = (
  traffic: Readonly<Partial<Record<SlotName, number>>>,
  last: SlotName,
): readonly string[] => {
  const first = other(last);
  const small = traffic[first] ?? 0;
  return [...(small > 0 ? [`  ${share(small)} ${first};`] : []), `  * ${last};`];
};

/** The same, read back: percent per slot. */
export const parseShares = (text: string): Partial<Record<SlotName, number>> => {
  const block = /split_clients [^{]*\{([^}]*)\}/.exec(text)?.[1] ?? '';
  const named: Partial<Record<SlotName, number>> = {};
  for (const [, percent = '0', slot = ''] of block.matchAll(/([\d.]+)% (blue|green);/g))
    named[slot as SlotName] = Number(percent);
  const rest = /\* (blue|green);/.exec(block)?.[1] as SlotName | undefined;
  const given = Object.values(named).reduce((sum, n) => sum + n, 0);
  return rest === undefined ? named : { ...named, [rest]: 100 - given };
};

/** Where users are sent while nobody may come in. */
const NOWHERE = 'none';

/**
 * What the host's nginx must know: upstreams of both slots, shares by request, the preview header, security headers.
 * A slot with no traffic is in no share; before the first has any, users are told to come again.
 */
export const proxyFile = (app: HostsApp, args: ProxyArgs): string => {
  const live = SLOTS.filter((slot) => args.traffic[slot] > 0 && args.slots[slot] !== undefined);
  const users = args.closed === true || live.length === 0 ? NOWHERE : '$sluice_share';
  const last = live.at(-1) ?? SLOTS.find((slot) => args.slots[slot] !== undefined) ?? 'blue';
  const tokens = SLOTS.flatMap((slot) => {
    const token = args.tokens[slot];
    return token === undefined ? [] : [`  "${token}" ${slot};`];
  });
  return `${[
    `# ${app.application} in ${app.environment}. Rendered by sluice: do not edit.`,
    ...upstreams(app, args),
    'split_clients "$request_id" $sluice_share {',
    ...sharesBlock(args.traffic, last),
    '}',
    `map $http_${HOST_PREVIEW_HEADER.replaceAll('-', '_')} $sluice_slot {`,
    `  default ${users};`,
    ...tokens,
    '}',
    'server {',
    `  listen 127.0.0.1:${app.target.proxy?.listen ?? 80};`,
    '  add_header X-Content-Type-Options "nosniff" always;',
    '  add_header X-Frame-Options "DENY" always;',
    '  add_header Referrer-Policy "strict-origin-when-cross-origin" always;',
    '  add_header Strict-Transport-Security "max-age=31536000" always;',
    `  if ($sluice_slot = ${NOWHERE}) { return 503; }`,
    '  error_page 503 @closed;',
    '  location @closed {',
    '    default_type text/html;',
    `    add_header Retry-After "${retryAfterSeconds(app.maintenance)}" always;`,
    `    return 503 "${closedPage(app.maintenance)}";`,
    '  }',
    ...locations(app, args),
    '}',
  ].join('\n')}\n`;
};
