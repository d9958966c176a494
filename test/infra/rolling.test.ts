import { expect, it } from 'vitest';
import { parseApp } from '../../config/app.ts';
import type { Slot } from '../../config/release.types.ts';
import { freeze } from '../../release/core/freeze.ts';
import { applyStep } from '../../release/core/plan.ts';
import { D1, D2, digest } from '../support/releases.ts';
import { stage, type Stage } from './cloud.ts';

const REPLACE = { kind: 'replace' as const, name: 'replace' };

/** The application of a stage, frozen at a version, with one service: the others are no different. */
const slotOf = (s: Stage, version: string, deployment: string, n: number): Slot => {
  const app = parseApp(JSON.parse(s.config['sluice:app'] ?? ''), { stack: 'production' });
  const images = Object.fromEntries(
    Object.keys(app.services).map((name) => [name, `docker.io/azora/${name}@${digest(n)}`]),
  );
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:PROD_DATABASE_URL-abcdef';
  return freeze(app, { version, deployment, images, secrets: { DATABASE_URL: { arn, version: 'one' } } });
};

it('rolling on ECS: the services of the one slot are updated in place, rules and groups stay, and so back again', async () => {
  const s = stage('production', (app) => {
    app['strategy'] = 'rolling';
    delete app['stages'];
    delete app['smoke'];
    const services = app['services'] as Record<string, unknown>;
    app['services'] = { 'api-gateway': services['api-gateway'] };
  });
  const v1 = slotOf(s, 'v1.0.0', D1, 1);
  await s.up({
    format: 1,
    serial: 0,
    replaces: null,
    deployment: D1,
    slots: { blue: v1 },
    traffic: { blue: 100, green: 0 },
  });
  const before = s.cloud.traffic();
  for (const [target, deployment] of [
    [slotOf(s, 'v2.0.0', D2, 2), D2],
    [v1, '1700000009-abcdefabcdef'],
  ] as const) {
    s.cloud.done.length = 0;
    const context = { deployment, target, version: target.version };
    await s.up(applyStep(REPLACE, await s.release(), context));
    expect(s.cloud.traffic()).toEqual(before);
    const services = s.cloud.done.filter((d) => d.endsWith('-service'));
    expect(services.sort()).toEqual(
      Object.keys(target.services)
        .map((name) => `update blue-${name}-service`)
        .sort(),
    );
    const moved = s.cloud.done.filter((d) => /routing|green|(?:create|delete) .*target-group/.test(d));
    expect(moved).toEqual([]);
    expect((await s.release()).slots).toEqual({ blue: target });
  }
});
