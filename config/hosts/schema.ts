import { z } from 'zod';
import { REPLICA_LIMIT } from '../release.types.ts';
import {
  duration,
  flag,
  list,
  MINUTE,
  HOUR,
  named,
  namePattern,
  nameRule,
  quantity,
  strict,
  text,
  urlPath,
  VARIABLE,
  VARIABLE_RULE,
  whole,
  words,
} from '../app/fields.ts';

/**
 * The section `sluice:app.hosts`: docker compose on machines that are reached over SSH. Services of `sluice:app.services`
 * get here what only a container needs; those with an image of their own (a database, a cache) are the same in every
 * release and named here alone.
 */

const NAME = namePattern(30);
const NAME_RULE = nameRule(30);
const PINNED = /^[a-z0-9][a-z0-9._/-]*(?::\d+\/[a-z0-9._/-]+)?(?::[\w.-]+)?@sha256:[0-9a-f]{64}$/;
const HOST_PATH = /^\/[A-Za-z0-9._/-]{1,120}$/;
const FILE = /^[A-Za-z0-9._-]{1,60}$/;

/** Ports of 65,536. */
const port = () => whole(1, 65_535);

const scalar = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && !/[\0\r\n]/.test(value)) return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return String(value);
  context.issues.push({
    code: 'custom',
    message: 'is not a text of one line',
    params: { allowed: 'a text of one line; numbers with a fraction in quotes', quiet: true },
    input: value,
  });
  return z.NEVER;
});

const host = strict({
  /** Name or address of the machine. */
  address: text(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/, 'a host name or address, e.g. staging.example.com'),
  port: port().prefault(22),
  user: text(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user name, e.g. deploy'),
  /** Name in the runner's environment that holds the private key. Default: SSH_KEY. */
  key: z
    .string({ error: 'a name in the environment, e.g. STAGING_SSH_KEY' })
    .refine((value) => VARIABLE.test(value), {
      error: 'is not a name; a key must not stand here',
      params: { allowed: VARIABLE_RULE, quiet: true },
    })
    .prefault('SSH_KEY'),
  /** The server's public key; needed, because a host that is not known may be anybody. */
  hostKey: text(
    /^(?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) [A-Za-z0-9+/]{40,}={0,2}$/,
    'the key that `ssh-keyscan -t ed25519 <address>` prints, without the address: ssh-ed25519 AAAA…',
  ),
});

const health = strict({
  /** GET path inside the container that answers 200. */
  http: urlPath().optional(),
  /** Or a command inside the container that ends with 0. */
  command: words('a shell command').optional(),
  interval: duration().prefault('5 seconds'),
  timeout: duration().prefault('5 seconds'),
  retries: whole(1, 100).prefault(15),
  /** Failures in this time after the start do not count. */
  startPeriod: duration(0).prefault('10 seconds'),
});

const service = strict({
  /** Pinned by digest. Absent: a service of `sluice:app.services`, whose digest each release says. */
  image: text(PINNED, 'an image with its digest, e.g. redis:7@sha256:<64 hex>').optional(),
  command: list(z.string({ error: 'a text' }), 'a list of words, e.g. [celery, worker]', {
    min: 1,
  }).optional(),
  /** Names of groups from `settings`. */
  settings: list(text(NAME, NAME_RULE), 'a list of groups from `settings`').prefault([]),
  environment: named(VARIABLE, VARIABLE_RULE, scalar).prefault({}),
  health: health.optional(),
  /** With an image of its own, as the next two; the others have theirs in `sluice:app.services`. Default: 0.5 vCPU. */
  cpu: quantity('cpu', { min: 10 }).optional(),
  /** Default: 512 MiB. */
  memory: quantity('memory', { min: 16 }).optional(),
  /** Port that the process listens on. */
  port: port().optional(),
  volumes: named(
    /^(?:[a-z][a-z0-9-]{0,29}|\.\/[A-Za-z0-9._-]{1,60})$/,
    'the name of a volume from `volumes`',
    text(HOST_PATH, 'an absolute path inside the container'),
  ).prefault({}),
  networks: list(text(NAME, NAME_RULE), 'a list of networks', { min: 1 }).prefault(['back']),
  needs: list(text(NAME, NAME_RULE), 'a list of services').prefault([]),
  labels: named(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'lower-case letters, digits, dots and hyphens',
    scalar,
  ).prefault({}),
  /** Port of the host's loopback address that leads to it: for the host's proxy. */
  publish: port().optional(),
  /** The same for the slot green. */
  publishGreen: port().optional(),
  grace: duration(0, HOUR).prefault('30 seconds'),
  capabilities: list(
    text(/^[A-Z_]{3,30}$/, 'a Linux capability, e.g. CHOWN'),
    'a list of Linux capabilities',
  ).prefault([]),
});

/** A value, or `{secret: what it is}`: then its value stands in the host's env file alone. */
const setting = z.unknown().transform((value, context) => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const read = strict({ secret: words('what this secret is, for whoever must fill it in') }).safeParse(
      value,
    );
    if (read.success) return { kind: 'secret' as const, note: read.data.secret };
    context.issues.push({
      code: 'custom',
      message: 'is neither a value nor a secret',
      params: { allowed: 'a text, or {secret: "what it is"}', quiet: true },
      input: value,
    });
    return z.NEVER;
  }
  const read = scalar.safeParse(value);
  if (read.success) return { kind: 'plain' as const, value: read.data };
  context.issues.push({
    code: 'custom',
    message: 'is not a text of one line',
    params: { allowed: 'a text, or {secret: "what it is"}', quiet: true },
    input: value,
  });
  return z.NEVER;
});

const phase = () => duration(1000, 24 * HOUR);

export const hostsSection = strict({
  /** In the order in which a release reaches them. */
  machines: named(NAME, NAME_RULE, host).refine((all) => Object.keys(all).length > 0, {
    error: 'needs at least one host',
    params: { allowed: 'a name, and below it `address`, `user` and `hostKey`' },
  }),
  /** Folder on every host. Default: /srv/<application>. */
  path: text(HOST_PATH, 'an absolute path, e.g. /home/deploy/the-bot').optional(),
  services: named(NAME, NAME_RULE, service).prefault({}),
  networks: named(NAME, NAME_RULE, strict({ internal: flag().prefault(false) })).prefault({ back: {} }),
  volumes: list(text(NAME, NAME_RULE), 'a list of names').prefault([]),
  /** Files of the release that containers mount as `./<name>`: name → text. */
  files: named(FILE, 'the name of a file', z.string({ error: 'a text' })).prefault({}),
  /** Group → name → value. The groups head the env example. */
  settings: named(NAME, NAME_RULE, named(VARIABLE, VARIABLE_RULE, setting)).prefault({}),
  /** Default: .env.<environment>. */
  envFile: text(FILE, 'the name of a file').optional(),
  manifest: text(FILE, 'the name of a file').prefault('deployment-manifest.json'),
  startDelay: duration(0, HOUR).prefault('10 seconds'),
  health: strict({
    retries: whole(1, 1000).prefault(15),
    interval: duration(100, HOUR).prefault('5 seconds'),
    timeout: duration(1000, HOUR).prefault('5 seconds'),
    /** Name → address as the host itself reaches it. */
    endpoints: named(
      NAME,
      NAME_RULE,
      text(/^https?:\/\/[^\s'"\\$`]{1,300}$/, 'an address such as http://127.0.0.1:8000/health/'),
    ).prefault({}),
  }).prefault({}),
  afterStart: list(
    strict({
      name: text(NAME, NAME_RULE),
      service: text(NAME, NAME_RULE),
      command: text(/^[^\0\r\n]+$/, 'a command of one line, e.g. python manage.py migrate --noinput'),
    }),
    'a list of commands, each with `name`, `service` and `command`',
    { max: REPLICA_LIMIT },
  ).prefault([]),
  timeouts: strict({
    prepare: phase().prefault('5 minutes'),
    validate: phase().prefault('10 minutes'),
    deploy: phase().prefault('20 minutes'),
    health: phase().prefault('10 minutes'),
    smoke: phase().prefault('15 minutes'),
  }).prefault({}),
  diskFree: quantity('memory', { min: 1 }).prefault('2 GiB'),
  keep: whole(2, 100).prefault(5),
  checks: strict({
    health: urlPath().prefault('/api/system/health/'),
    frontend: urlPath().prefault('/'),
    frontendContains: words('a text').optional(),
    readiness: urlPath().prefault('/api/system/readiness/'),
    auth: urlPath().prefault('/api/auth/login/'),
    authStatus: list(whole(100, 599), 'a list of status codes', { min: 1 }).prefault([
      200, 400, 401, 403, 405,
    ]),
    static: urlPath().prefault('/static/'),
    /** Default: the public address. */
    corsOrigin: text(/^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?$/, 'an address without path').optional(),
    within: duration(1, MINUTE).prefault('5 seconds'),
    timeout: duration(100, MINUTE).prefault('10 seconds'),
  }).prefault({}),
  proxy: strict({
    /** Port that it listens on. */
    listen: port(),
    /** File with the part of its configuration that sluice writes. Default: <path>/nginx.conf. */
    config: text(HOST_PATH, 'an absolute path, e.g. /etc/nginx/conf.d/the-bot.conf').optional(),
    /** Default: nginx -s reload. */
    reload: text(/^[^\0\r\n]+$/, 'a command of one line').prefault('nginx -s reload'),
  }).optional(),
});

export type WrittenHosts = z.output<typeof hostsSection>;
