import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { appWarnings, parseApp } from '../../config/app.ts';
import { ExpectedError } from '../../lib/errors.ts';
import { minimal, problemLines } from './fixtures.ts';

describe('a small application', () => {
  const app = parseApp(
    parse(`
application: shop
url: https://shop.example/
services:
  web: { path: /*, port: 3000 }
`),
    { stack: 'production' },
  );

  it('needs only its name, its address and its services', () => {
    expect(app).toMatchObject({
      application: 'shop',
      environment: 'production',
      rollout: 'staged',
      url: 'https://shop.example',
      database: undefined,
      repository: undefined,
      network: { kind: 'new', cidr: '10.0.0.0/16', zones: 2, natGateways: 'one' },
      loadBalancer: { kind: 'new', maxRules: 100, internal: false, allowedCidrs: ['0.0.0.0/0'] },
      images: { repository: 'shop/{service}', registry: 'ecr', artifacts: 'build' },
      checks: { mode: 'require', required: [], tag: true, after: undefined },
      approval: { when: 'none' },
      rollback: { window: 3_600_000, database: 'ask' },
      timeouts: { deploy: 1_800_000, health: 300_000, rollback: 900_000 },
      notifications: [],
      freeze: [],
    });
    expect(app.services['web']).toEqual({
      kind: 'web',
      paths: ['/*'],
      port: 3000,
      cpu: 1024,
      memory: 2048,
      replicas: 2,
      critical: true,
      environment: {},
      secrets: [],
      health: { path: '/health', publicPath: '/health', version: true },
      priority: undefined,
      command: undefined,
    });
  });

  it('is released in three stages in production, at once elsewhere', () => {
    expect(app.stages).toEqual([
      { name: 'canary', traffic: 5, bake: 300_000 },
      { name: 'progressive', traffic: 50, bake: 600_000 },
      { name: 'full', traffic: 100, bake: 900_000 },
    ]);
    const staging = parseApp(minimal(), { stack: 'staging' });
    expect(staging).toMatchObject({
      rollout: 'direct',
      checks: { tag: false },
      timeouts: { deploy: 600_000 },
    });
    expect(staging.stages.map((s) => s.traffic)).toEqual([100]);
  });

  it('is smoke tested at the public health path of each web service', () => {
    expect(app.smoke.tests).toMatchObject([
      { method: 'GET', path: '/health', status: [200], critical: true },
    ]);
  });

  it('may be deployed to a third environment by another stack file', () => {
    expect(parseApp(minimal(), { stack: 'development' })).toMatchObject({
      environment: 'development',
      rollout: 'direct',
    });
  });
});

describe('services', () => {
  const services = (value: unknown, more: object = {}) =>
    parseApp(minimal({ services: value, ...more }), { stack: 'x' }).services;

  it('take what everyService says, and lay their own over it', () => {
    const both = services(
      {
        api: { path: '/api/*', port: 1, replicas: 3, environment: { LOG_LEVEL: 'info' }, secrets: ['OWN'] },
        jobs: { kind: 'worker', command: ['node', 'jobs.js'] },
      },
      {
        secrets: { DATABASE_URL: 'x/db', OWN: 'x/own' },
        everyService: {
          replicas: 5,
          cpu: '2 vCPU',
          memory: '4 GiB',
          environment: { LOG_LEVEL: 'warn', PORT: 80, ON: true },
          secrets: ['DATABASE_URL'],
        },
      },
    );
    expect(both['api']).toMatchObject({
      replicas: 3,
      cpu: 2048,
      memory: 4096,
      secrets: ['DATABASE_URL', 'OWN'],
    });
    expect(both['api']?.environment).toEqual({ LOG_LEVEL: 'info', PORT: '80', ON: 'true' });
    expect(both['jobs']).toMatchObject({
      kind: 'worker',
      paths: [],
      port: 0,
      replicas: 5,
      command: ['node', 'jobs.js'],
    });
  });

  it.each([
    ['/api/*', '/api/health'],
    ['/*', '/health'],
    ['/shop', '/shop'],
    ['/v?/api/*', '/health'],
  ])('with the path %s answer their health at %s outside', (path, expected) => {
    const given = path === '/v?/api/*' ? { publicPath: '/v1/api/health' } : {};
    const web = services({ web: { path, port: 1, health: given } })['web'];
    expect(web?.health.publicPath).toBe(given.publicPath ?? expected);
  });
});

describe('settings on which the documents disagree', () => {
  it('have Azora’s default, and the other behaviours by configuration', () => {
    const other = parseApp(
      minimal({
        repository: 'azora/azora',
        secrets: { DATABASE_URL: 'db' },
        database: {
          migrations: {
            command: 'python manage.py migrate',
            when: 'afterStart',
            after: 'collectstatic',
            back: 'python manage.py migrate app 0007',
          },
        },
        images: { artifacts: 'promote' },
        smoke: { onFailure: 'report' },
        approval: { when: 'afterStaging', reviewers: ['octocat', 'azora/release'] },
        checks: { mode: 'run', commands: { lint: 'npm run lint' } },
        rollback: { database: 'always', window: '0 seconds' },
        backups: { every: '1 hour', recoveryPoint: '1 hour' },
      }),
      { stack: 'production' },
    );
    expect(other).toMatchObject({
      database: {
        migrations: {
          when: 'afterStart',
          after: 'collectstatic',
          back: 'python manage.py migrate app 0007',
        },
        backup: { enabled: true, prefix: 'production' },
      },
      images: { artifacts: 'promote' },
      // what is promoted has run somewhere
      checks: { mode: 'run', after: 'staging' },
      smoke: { onFailure: 'report' },
      approval: { when: 'afterStaging' },
      rollback: { database: 'always', window: 0 },
    });
    expect(appWarnings(other)).toEqual([]);
  });

  it('warn where the backup schedule cannot meet the recovery point', () => {
    const app = parseApp(
      minimal({
        secrets: { DATABASE_URL: 'db' },
        database: { migrations: { command: 'true' }, backup: { enabled: false } },
        rollback: { database: 'always' },
        backups: { every: '1 day', recoveryPoint: '1 hour' },
      }),
      { stack: 'production' },
    );
    expect(appWarnings(app)).toEqual([
      'backups.every is 1 day, which cannot meet the recovery point of 1 hour: set backups.every to 1 hour or less',
      'rollback.database is always, but no backup is taken: there is nothing to restore',
    ]);
  });
});

describe('the gate', () => {
  it('is set in the words of people who watch traffic', () => {
    const { gate } = parseApp(
      minimal({
        gate: {
          falseRollbacks: '0.5 %',
          errors: { notWorseThan: '1.25x', atLeast: '2 per minute' },
          latency: { slowerThan: '500 ms' },
          objectives: { errors: '0.1 %', slow: '5 %' },
          patience: '1x',
          holdback: '5 %',
          window: '30 seconds',
          budget: { requests: 500, errorMinutes: 2.5 },
          services: { web: { latency: { enabled: false } } },
        },
      }),
      { stack: 'production' },
    );
    expect(gate).toEqual({
      mode: 'statistics',
      falseRollbacks: 0.5,
      errors: { enabled: true, notWorseThan: 1.25, atLeastPerMinute: 2 },
      latency: { enabled: true, slowerThan: 500, notWorseThan: 1.5 },
      objectives: { errors: 0.1, slow: 5 },
      patience: 1,
      window: 30_000,
      burst: 10_000,
      warmup: undefined,
      noDataFor: 180_000,
      onInconclusive: 'continue',
      holdback: 5,
      budget: { requests: 500, errorMinutes: 2.5 },
      // a service keeps the general threshold where it says nothing else
      services: { web: { latency: { enabled: false, slowerThan: 500, notWorseThan: 1.5 } } },
    });
  });
});

describe('no configuration at all', () => {
  it.each([
    [undefined, 'sluice:app: is missing (allowed: a map with at least `application`, `url` and `services`)'],
    [null, 'sluice:app: is missing (allowed: a map with at least `application`, `url` and `services`)'],
    [
      'text',
      'sluice:app: is not a map of settings (got "text"; allowed: a map with at least `application`, `url` and `services`)',
    ],
    [
      [1],
      'sluice:app: is not a map of settings (got a list of 1; allowed: a map with at least `application`, `url` and `services`)',
    ],
  ])('%j', (value, line) => {
    expect(problemLines(value)).toEqual([line]);
  });

  it('names what is needed when nothing is written', () => {
    expect(problemLines({})).toEqual([
      'sluice:app.application: is missing (allowed: lower-case letters, digits and single hyphens, starting with a letter, at most 20 characters)',
      'sluice:app.services: is missing (allowed: a map, one `name: value` a line)',
      'sluice:app.url: is missing (allowed: an address such as https://azora.world)',
    ]);
  });

  it('ends with exit code 2 and says that nothing was changed', () => {
    const thrown = (): unknown => parseApp({}, { stack: 'staging' });
    expect(thrown).toThrow(ExpectedError);
    expect(thrown).toThrow(
      expect.objectContaining({ exit: 2, hint: expect.stringContaining('Nothing was changed') }),
    );
    expect(thrown).toThrow(/^Pulumi\.staging\.yaml has 3 problems:\n {2}sluice:app\.application: is missing/);
  });
});
