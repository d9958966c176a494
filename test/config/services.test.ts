import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternTakes } from '../../config/app/pattern.ts';
import { minimal, problemLines, reasons } from './fixtures.ts';
import type { Settings } from './fixtures.ts';

const web = (more: Settings, rest: Settings = {}): unknown =>
  minimal({ services: { web: { path: '/*', port: 3000, ...more } }, ...rest });

describe('names and sizes', () => {
  const long = 'a'.repeat(41);
  it.each<[string, unknown, string[]]>([
    [
      'an application past its limit',
      minimal({ application: 'a'.repeat(21) }),
      ['application: is longer than 20 characters'],
    ],
    [
      'an application that no cloud takes',
      minimal({ application: 'Shop_1' }),
      ['application: is not a name that clouds take'],
    ],
    [
      'an environment past its limit',
      minimal({ environment: 'e'.repeat(21) }),
      ['environment: is longer than 20 characters'],
    ],
    [
      'a service past its limit',
      minimal({ services: { [long]: { path: '/*', port: 1 } } }),
      [`services.${long}: is not an allowed name`],
    ],
    [
      'a bucket past its limit',
      minimal({ buckets: { record: 'b'.repeat(64) } }),
      ['buckets.record: is not well formed'],
    ],
    [
      'two buckets in one',
      minimal({ buckets: { record: 'shop-x', lease: 'shop-x' } }),
      ['buckets.lease: is the record bucket already'],
    ],
    [
      'a path past its limit',
      web({ path: `/${'p'.repeat(128)}` }),
      ['services.web.path: is not well formed'],
    ],
    [
      'more paths than a rule holds',
      web({ path: undefined, paths: ['/a', '/b', '/c', '/d', '/e'], health: { publicPath: '/a' } }),
      ['services.web.paths: has too many entries'],
    ],
    [
      'more wildcards than a rule takes',
      web({ path: '/*?????' }),
      ['services.web.path: has more wildcards than a listener rule takes'],
    ],
    [
      'a cpu that Fargate has not',
      web({ cpu: '3 vCPU', memory: '4 GiB' }),
      ['services.web.cpu: is not a size that Fargate has'],
    ],
    [
      'too little memory for the cpu',
      web({ cpu: '4 vCPU', memory: '4 GiB' }),
      ['services.web.memory: Fargate has no 4 GiB with 4 vCPU'],
    ],
    [
      'memory between two steps',
      web({ cpu: '8 vCPU', memory: '17 GiB' }),
      ['services.web.memory: Fargate has no 17 GiB with 8 vCPU'],
    ],
    [
      'a cpu whose default memory does not fit',
      web({ cpu: '2 vCPU' }),
      ['services.web.memory: Fargate has no 2 GiB with 2 vCPU'],
    ],
    [
      'a wrong size for all',
      web({}, { everyService: { memory: '1 GiB' } }),
      ['everyService.memory: Fargate has no 1 GiB with 1 vCPU'],
    ],
    ['more replicas than the limit', web({ replicas: 1001 }), ['services.web.replicas: is too large']],
  ])('%s', (_, value, expected) => {
    expect(reasons(value)).toEqual(expected);
  });

  it('tells the memory that goes with a cpu', () => {
    expect(problemLines(web({ cpu: '0.25 vCPU', memory: '4 GiB' }))).toEqual([
      'sluice:app.services.web.memory: Fargate has no 4 GiB with 0.25 vCPU (got 4 GiB; allowed: 512 MiB, 1 GiB, 2 GiB)',
    ]);
  });

  it('asks for the environment where the stack’s name cannot be one', () => {
    expect(problemLines(minimal(), 'Dev_1')).toEqual([
      'sluice:app.environment: is missing, and the stack’s name cannot stand for it (got stack "Dev_1"; allowed: lower-case letters, digits and single hyphens, starting with a letter, at most 20 characters)',
    ]);
    expect(problemLines(minimal({ environment: 'dev' }), 'Dev_1')).toEqual([]);
  });
});

describe('services that do not fit together', () => {
  const two = (a: Settings, b: Settings): unknown =>
    minimal({ services: { a: { port: 1, ...a }, b: { port: 1, ...b } } });
  it.each<[string, unknown, string[]]>([
    [
      'one path for two',
      two({ path: '/x/*' }, { path: '/x/*' }),
      ['services.b.path: is the path of service `a` already'],
    ],
    [
      'one path among several',
      two({ paths: ['/x/*', '/y/*'] }, { paths: ['/z/*', '/y/*'] }),
      ['services.b.paths[1]: is the path of service `a` already'],
    ],
    [
      'a path twice',
      two({ paths: ['/x/*', '/x/*'] }, { path: '/y/*' }),
      ['services.a.paths[1]: stands there twice'],
    ],
    [
      'one priority for two',
      two({ path: '/x/*', priority: 32_001 }, { path: '/y/*', priority: 32_001 }),
      ['services.b.priority: is the priority of service `a` already'],
    ],
    [
      'path beside paths',
      web({ paths: ['/a/*'], health: { publicPath: '/a/health' } }),
      ['services.web.path: stands beside `paths`'],
    ],
    [
      'a web service without port',
      minimal({ services: { a: { path: '/*' } } }),
      ['services.a.port: is missing'],
    ],
    ['no services', minimal({ services: {} }), ['services: needs at least one service']],
    [
      'health outside the paths',
      web({ path: '/api/*', health: { publicPath: '/health' } }),
      ['services.web.health.publicPath: is not below a path of this service'],
    ],
    [
      'health that a neighbour answers',
      two({ path: '/api/*', health: { publicPath: '/api/x/health' } }, { path: '/api/x/*' }),
      ['services.a.health.publicPath: is answered by service `b`, whose path /api/x/* is more specific'],
    ],
    [
      'settings for a service that is not there',
      minimal({ gate: { services: { wbe: { mode: 'health' } } } }),
      ['gate.services: no service is named `wbe`; did you mean `web`?'],
    ],
  ])('%s', (_, value, expected) => {
    expect(reasons(value)).toEqual(expected);
  });

  it('are refused with advice when the listener cannot hold their rules', () => {
    const many = (count: number, more: Settings = {}): unknown =>
      minimal({
        services: Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`s${i}`, { path: `/s${i}/*`, port: 3000 }]),
        ),
        ...more,
      });
    expect(problemLines(many(33))).toEqual([]);
    const [line, ...rest] = problemLines(many(34));
    expect(rest).toEqual([]);
    expect(line).toMatch(
      /^sluice:app\.services: 34 web services need 103 listener rules .* the listener holds 100 /,
    );
    for (const advice of [
      'at most 33',
      'raise the quota',
      'loadBalancer.maxRules',
      'second load balancer',
      'merge paths',
    ]) {
      expect(line).toContain(advice);
    }
    // Three a service, and one for the maintenance page.
    const [tight] = problemLines(many(34, { loadBalancer: { maxRules: 102 } }));
    expect(tight).toMatch(/the maintenance page\), the listener holds 102 .*at most 33/);
    expect(problemLines(many(34, { loadBalancer: { maxRules: 103 } }))).toEqual([]);
  });
});

describe('secrets', () => {
  it.each<[string, unknown, string[]]>([
    [
      'a service asks for one that is not there',
      web({ secrets: ['DATABASE_URL'] }),
      ['services.web.secrets: no secret is named `DATABASE_URL`'],
    ],
    [
      'all services ask for one',
      web({}, { everyService: { secrets: ['DATABASE_URL'] } }),
      ['everyService.secrets: no secret is named `DATABASE_URL`'],
    ],
    [
      'the database needs one',
      minimal({ database: { migrations: { command: 'x' } } }),
      ['database.url: no secret is named `DATABASE_URL`'],
    ],
    [
      'the scratch database needs one',
      minimal({
        secrets: { DATABASE_URL: 'db' },
        database: { migrations: { command: 'x' }, backup: { scratchUrl: 'SCRATCH' } },
      }),
      ['database.backup.scratchUrl: no secret is named `SCRATCH`'],
    ],
    [
      'a name that is a setting too',
      web({ secrets: ['TOKEN_TTL'], environment: { TOKEN_TTL: '1' } }, { secrets: { TOKEN_TTL: 'x' } }),
      ['services.web.environment: `TOKEN_TTL` is a setting and a secret at once'],
    ],
    [
      'plain text under a secret’s name',
      web({ environment: { SESSION_SECRET: 'hunter2' } }),
      [
        'services.web.environment.SESSION_SECRET: looks like a secret, and would stand in plain text in the state',
      ],
    ],
    [
      'a password inside an address',
      web({}, { everyService: { environment: { CACHE: 'redis://me:hunter2@cache' } } }),
      ['everyService.environment.CACHE: looks like a secret, and would stand in plain text in the state'],
    ],
    [
      'settings that only speak of secrets',
      web({ environment: { TOKEN_TTL: '3600', SESSION_COOKIE_NAME: 'sid', STRIPE_PUBLIC_KEY: 'pk' } }),
      [],
    ],
    [
      'a connection string for a name',
      minimal({
        secrets: { DATABASE_URL: 'db' },
        database: { url: 'postgres://me:hunter2@db/x', migrations: { command: 'x' } },
      }),
      ['database.url: is not a name from `secrets`; a connection string must not stand here'],
    ],
    [
      'an address for a name',
      minimal({ notifications: [{ to: 'slack', secret: 'https://hooks.slack.com/services/hunter2' }] }),
      ['notifications[0].secret: is not a name; the address itself must not stand here'],
    ],
    [
      'a value of the wrong kind',
      minimal({ secrets: { API_TOKEN: { value: 'hunter2' } } }),
      ['secrets.API_TOKEN: is not a text'],
    ],
  ])('%s', (_, value, expected) => {
    expect(reasons(value)).toEqual(expected);
    expect(problemLines(value).join('\n')).not.toContain('hunter2');
  });
});

describe('a path pattern', () => {
  it.each([
    ['/api/*', '/api/health', true],
    ['/api/*', '/api/a/b', true],
    ['/api/*', '/api', false],
    ['/api/*', '/API/x', false],
    ['/a?c', '/abc', true],
    ['/a?c', '/ac', false],
    ['/*.js', '/x/y.js', true],
    ['/a.c', '/abc', false],
    ['/', '/', true],
  ])('%s and %s: %s', (pattern, path, takes) => {
    expect(patternTakes(pattern, path)).toBe(takes);
  });

  it('takes what the same regular expression takes', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^\/[ab*?]{0,6}$/),
        fc.stringMatching(/^\/[ab]{0,8}$/),
        (pattern, path) => {
          const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
          expect(patternTakes(pattern, path)).toBe(expression.test(path));
        },
      ),
      { numRuns: 500 },
    );
  });
});
