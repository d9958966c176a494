import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appWarnings, parseApp } from '../../config/app.ts';
import { parseProjectFile, readStackFile } from '../../config/stack-file.ts';
import type { App } from '../../config/types.ts';
import { parseVersion } from '../../config/version.ts';

const root = new URL('../../', import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const project = parseProjectFile(text('Pulumi.yaml'));
const config = (stack: string): Record<string, string> =>
  readStackFile(text(`Pulumi.${stack}.yaml`), project.name);
const azora = (stack: string): App => parseApp(JSON.parse(config(stack)['sluice:app'] ?? ''), { stack });

const SERVICES = {
  'api-gateway': ['/api/*', '/api/health'],
  'auth-service': ['/auth/*', '/auth/health'],
  'education-service': ['/api/education/*', '/api/education/health'],
  'marketplace-service': ['/api/marketplace/*', '/api/marketplace/health'],
};
const minutes = (n: number): number => n * 60_000;

describe('the project', () => {
  it('is one program that Node runs as it is', () => {
    expect(project).toMatchObject({ name: 'sluice', runtime: 'nodejs', main: 'infra/index.ts' });
    expect(text('Pulumi.yaml')).toMatch(/typescript: false/);
  });
});

describe.each([
  {
    stack: 'staging',
    replicas: 2,
    cpu: 1024,
    memory: 2048,
    level: 'debug',
    steady: 30_000,
    url: 'https://staging.azora.world',
  },
  {
    stack: 'production',
    replicas: 5,
    cpu: 2048,
    memory: 4096,
    level: 'warn',
    steady: 15_000,
    url: 'https://azora.world',
  },
])('Azora $stack', ({ stack, replicas, cpu, memory, level, steady, url }) => {
  const app = azora(stack);

  it('has the four services, each at its path, with its health outside and inside', () => {
    const seen = Object.entries(app.services).map(([name, s]) => [name, [...s.paths, s.health.publicPath]]);
    expect(Object.fromEntries(seen)).toEqual(SERVICES);
    expect(new Set(Object.values(app.services).map((s) => s.health.path))).toEqual(new Set(['/health']));
  });

  it('has the documented size, settings and intervals', () => {
    for (const service of Object.values(app.services)) {
      expect(service).toMatchObject({ replicas, cpu, memory, secrets: ['DATABASE_URL'] });
      expect(service.environment).toEqual({
        NODE_ENV: stack,
        API_BASE_URL: `${url}/api`,
        FRONTEND_URL: url,
        METRICS_ENABLED: 'true',
        LOG_LEVEL: level,
      });
    }
    expect(app.url).toBe(url);
    expect(app.health).toMatchObject({
      interval: 10_000,
      retries: 5,
      timeout: 10_000,
      steadyInterval: steady,
    });
  });

  it('asks every service and the database after a release, and needs the three checks before', () => {
    expect(app.smoke.tests.map((t) => t.path)).toEqual([
      ...Object.values(SERVICES).map(([, health]) => health),
      '/api/education/health/readiness',
      '/auth/session',
      '/api/education/courses',
      '/api/marketplace/listings',
      '/api/status',
    ]);
    expect(app.checks).toMatchObject({
      mode: 'require',
      required: ['ci-lint-and-type-check.yml', 'ci-test.yml', 'ci-security-scan.yml'],
    });
    expect(app.images).toMatchObject({ repository: 'docker.io/azora/{service}', registry: 'dockerhub' });
    expect(app.notifications).toMatchObject([{ to: 'slack', secret: 'SLACK_WEBHOOK' }]);
  });

  it('gives no warning, and names a region', () => {
    expect(appWarnings(app)).toEqual([]);
    expect(config(stack)['aws:region']).toMatch(/^[a-z]{2}-[a-z]+-\d$/);
  });
});

describe('Azora production', () => {
  const app = azora('production');

  it('is released at 5, 50 and 100 % for 5, 10 and 15 minutes, and can go back for 60', () => {
    expect(app.rollout).toBe('staged');
    expect(app.stages).toEqual([
      { name: 'canary', traffic: 5, bake: minutes(5) },
      { name: 'progressive', traffic: 50, bake: minutes(10) },
      { name: 'full', traffic: 100, bake: minutes(15) },
    ]);
    expect(app.rollback).toEqual({ window: minutes(60), database: 'ask' });
    expect(app.timeouts).toEqual({
      deploy: 1_800_000,
      health: 300_000,
      rollback: 900_000,
      migrate: 600_000,
      backup: 1_800_000,
    });
  });

  it('is backed up to azora-backups/prod for a year before migrations run beside the build', () => {
    expect(app.secrets['DATABASE_URL']).toBe('PROD_DATABASE_URL');
    expect(app.database).toMatchObject({
      url: 'DATABASE_URL',
      migrations: { when: 'besideBuild', directory: 'examples/azora/app/migrations' },
      backup: { enabled: true, prefix: 'prod', verify: 'scratch' },
    });
    expect(app.buckets).toMatchObject({ backup: 'azora-backups', retention: 365 * 86_400_000 });
  });
});

describe('Azora staging', () => {
  const app = azora('staging');

  it('is deployed by one update, with migrations first', () => {
    expect(app.rollout).toBe('direct');
    expect(app.database).toMatchObject({ migrations: { when: 'beforeBuild' }, backup: { enabled: false } });
    expect(app.secrets['DATABASE_URL']).toBe('STAGING_DATABASE_URL');
    expect(app.timeouts).toMatchObject({ deploy: 600_000, health: 300_000, rollback: 900_000 });
    expect(parseVersion(config('staging')['sluice:version'] ?? '').tag).toBe('v1.0.0');
  });
});
