import { parseApp } from '../../../config/app.ts';
import type { App } from '../../../config/types.ts';

/** As it stands in a stack file. */
export const WRITTEN = {
  application: 'azora',
  url: 'https://azora.world',
  rollout: 'staged',
  services: {
    api: { paths: ['/api/*'], port: 8080, secrets: ['DATABASE_URL'] },
    auth: { paths: ['/auth/*'], port: 8080 },
    mailer: { kind: 'worker', port: 8080 },
  },
  database: { url: 'DATABASE_URL', migrations: { command: 'npx prisma migrate deploy' } },
  secrets: { DATABASE_URL: 'azora/database' },
  team: { name: 'platform', onCall: 'oncall@azora.world' },
};

/** Azora in small: two critical services, a worker, a database, the documented stages. */
export const testApp = (change: Partial<App> = {}): App => {
  const app = parseApp(WRITTEN, { stack: 'production' });
  return {
    ...app,
    images: {
      ...app.images,
      repository: 'docker.io/azora/{service}',
      artifacts: 'build',
      build: 'make images',
    },
    health: { ...app.health, interval: 10_000, startDelay: 10_000, retries: 5, failures: 3 },
    smoke: {
      ...app.smoke,
      tests: [
        {
          name: 'api answers',
          method: 'GET',
          path: '/api/health',
          status: [200],
          contains: undefined,
          body: undefined,
          headers: {},
          within: 1000,
          critical: true,
        },
      ],
    },
    stages: [
      { name: 'canary', traffic: 5, bake: 300_000 },
      { name: 'progressive', traffic: 50, bake: 600_000 },
      { name: 'full', traffic: 100, bake: 900_000 },
    ],
    ...change,
  };
};
