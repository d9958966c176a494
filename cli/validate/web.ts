import { connect } from 'node:tls';
import type { HostsApp } from '../../config/hosts/types.ts';
import { formatDuration } from '../../config/units.ts';
import type { Check, Seen } from './check.ts';

const DAY = 86_400_000;
const CERTIFICATE_DAYS = 14;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

type Ask = (path: string, init?: RequestInit) => Promise<Answer>;

const asker =
  (url: string, signal: AbortSignal): Ask =>
  async (path, init = {}) => {
    const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init, signal });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };

const json = (body: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

const status = (answer: Answer, wanted: readonly number[]): Seen => ({
  ok: wanted.includes(answer.status),
  seen: `answered ${answer.status}`,
});

const SECURITY = [
  'x-content-type-options',
  'x-frame-options',
  'referrer-policy',
  'strict-transport-security',
];

/** Days that a certificate holds, by a handshake that verifies it. */
const certificate = (host: string, port: number, signal: AbortSignal): Promise<Seen> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: host }, () => {
      const { valid_to: until } = socket.getPeerCertificate();
      const days = Math.floor((Date.parse(until) - Date.now()) / DAY);
      resolve({
        ok: days >= CERTIFICATE_DAYS,
        seen: `${socket.getProtocol() ?? 'no protocol'}, certificate holds for ${days} more days`,
      });
      socket.destroy();
    });
    socket.on('error', reject);
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
  });

const tls = (url: string): Check => ({
  name: 'TLS',
  expected: `a certificate that is trusted and holds for at least ${CERTIFICATE_DAYS} more days`,
  mend: 'renew the certificate of the host’s web server (certbot renew), and reload it',
  run: (signal) => {
    const { protocol, hostname, port } = new URL(url);
    if (protocol === 'https:') return certificate(hostname, port === '' ? 443 : Number(port), signal);
    return Promise.resolve({ ok: 'skipped', seen: `${url} is on this machine alone, without TLS` });
  },
});

/** What users meet: asked through the public address. */
export const webChecks = ({ url, target }: HostsApp): readonly Check[] => {
  const { checks } = target;
  const check = (name: string, expected: string, mend: string, run: (ask: Ask) => Promise<Seen>): Check => ({
    name,
    expected,
    mend,
    run: (signal) => run(asker(url, signal)),
  });
  return [
    check(
      'health',
      `GET ${checks.health} answers 200, healthy`,
      'docker compose logs backend, on the host',
      async (ask) => {
        const answer = await ask(checks.health);
        const { status: says, version } = json(answer.body);
        return {
          ok: answer.status === 200 && (says === undefined || says === 'healthy'),
          seen: `answered ${answer.status}, status ${JSON.stringify(says ?? null)}, version ${JSON.stringify(version ?? null)}`,
        };
      },
    ),
    check(
      'front-end',
      `GET ${checks.frontend} answers 200 with HTML${checks.frontendContains === undefined ? '' : ` that contains ${checks.frontendContains}`}`,
      'docker compose logs frontend; was the build made with the right public path?',
      async (ask) => {
        const { status: code, body, headers } = await ask(checks.frontend);
        const type = headers.get('content-type') ?? 'no type';
        const has = checks.frontendContains === undefined || body.includes(checks.frontendContains);
        return {
          ok: code === 200 && type.includes('html') && has,
          seen: `answered ${code}, ${type}${has ? '' : ', without that text'}`,
        };
      },
    ),
    check(
      'readiness',
      `GET ${checks.readiness} answers 200`,
      'see which part it names: database, cache or a migration that has not run',
      async (ask) => {
        const answer = await ask(checks.readiness);
        return { ok: answer.status === 200, seen: `answered ${answer.status}: ${answer.body.slice(0, 120)}` };
      },
    ),
    check(
      'database',
      'readiness names its database as ok',
      'docker compose exec db pg_isready; compare POSTGRES_* of both containers',
      async (ask) => {
        const { database } = json((await ask(checks.readiness)).body);
        return {
          ok: database === 'ok' || database === true,
          seen: `database ${JSON.stringify(database ?? 'not named')}`,
        };
      },
    ),
    check(
      'auth endpoint',
      `GET ${checks.auth} answers ${checks.authStatus.join(', ')}`,
      'see that the address is right (hosts.checks.auth) and the API routes it',
      async (ask) => status(await ask(checks.auth), checks.authStatus),
    ),
    check(
      'static files',
      `GET ${checks.static} answers 200`,
      'run the collectstatic command of hosts.afterStart on the host',
      async (ask) => status(await ask(checks.static), [200]),
    ),
    check(
      'response time',
      `${checks.health} answers within ${formatDuration(checks.within)}`,
      'docker stats, on the host: is a limit reached?',
      async (ask) => {
        const startedAt = performance.now();
        await ask(checks.health);
        const ms = Math.round(performance.now() - startedAt);
        return { ok: ms <= checks.within, seen: `${ms} ms` };
      },
    ),
    check(
      'security headers',
      SECURITY.join(', '),
      'sluice renders them into the proxy’s file: does the outer web server drop them?',
      async (ask) => {
        const { headers } = await ask(checks.frontend);
        const missing = SECURITY.filter((name) => !headers.has(name));
        return {
          ok: missing.length === 0,
          seen: missing.length === 0 ? 'all there' : `without ${missing.join(', ')}`,
        };
      },
    ),
    check(
      'CORS',
      `${checks.corsOrigin} is allowed, another origin is not`,
      'set CORS_ALLOWED_ORIGINS (or what the application calls it) to the front-end’s address',
      async (ask) => {
        const allowed = async (origin: string): Promise<string | null> =>
          (
            await ask(checks.health, {
              method: 'OPTIONS',
              headers: { origin, 'access-control-request-method': 'GET' },
            })
          ).headers.get('access-control-allow-origin');
        const [own, other] = await Promise.all([
          allowed(checks.corsOrigin),
          allowed('https://elsewhere.invalid'),
        ]);
        const closed = other === null || other === checks.corsOrigin;
        return {
          ok: own === checks.corsOrigin && closed,
          seen: `own origin: ${own ?? 'not allowed'}, another: ${other ?? 'not allowed'}`,
        };
      },
    ),
    tls(url),
  ];
};
