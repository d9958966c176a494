import fc from 'fast-check';
import type { FrozenService, Release, Slot } from '../../config/release.types.ts';

/** Builders for releases in tests: short to write, complete in what they hold. */
export const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;

export const service = (name: string, n = 1, change: Partial<FrozenService> = {}): FrozenService => ({
  kind: 'web',
  image: `docker.io/azora/${name}@${digest(n)}`,
  cpu: 1024,
  memory: 2048,
  replicas: 2,
  port: 8080,
  paths: [`/${name}/*`],
  critical: true,
  environment: { NODE_ENV: 'test' },
  secrets: {},
  health: { path: '/health', publicPath: `/${name}/health`, version: true },
  ...change,
});

export const slot = (version: string, deployment: string, names = ['api', 'auth'], n = 1): Slot => ({
  version,
  deployment,
  services: Object.fromEntries(names.map((s) => [s, service(s, n)])),
});

export const D1 = '1700000001-aaaaaaaaaaaa';
export const D2 = '1700000002-bbbbbbbbbbbb';
export const D3 = '1700000003-cccccccccccc';

export const live = (change: Partial<Release> = {}): Release => ({
  format: 1,
  serial: 7,
  replaces: 6,
  deployment: D1,
  slots: { blue: slot('v1.0.0', D1) },
  traffic: { blue: 100, green: 0 },
  ...change,
});

/** Stages that rise to 100. */
export const stagesArbitrary = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 6 })
  .map((shares) =>
    [...shares.sort((a, b) => a - b), 100].map((traffic, i) => ({
      name: `stage-${i}`,
      traffic,
      bake: 60_000,
    })),
  );
