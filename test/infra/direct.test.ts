import { expect, it } from 'vitest';
import { StackFailed } from '../../sandbox/engine/index.ts';
import { stage, type Stage } from './cloud.ts';

/** Staging with v1. */
const atV1 = async (): Promise<Stage> => {
  const s = stage('staging');
  await s.up();
  s.cloud.done.length = 0;
  return s;
};

const SERVICES = ['api-gateway', 'auth-service', 'education-service', 'marketplace-service'];
const everywhere = (shares: Record<string, number>) => Object.fromEntries(SERVICES.map((s) => [s, shares]));
const index = (s: Stage, what: string) => s.cloud.done.indexOf(what);
const all = (s: Stage, what: (service: string) => string) => SERVICES.map((name) => index(s, what(name)));

const failure = async (work: Promise<unknown>): Promise<StackFailed> => {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (error instanceof StackFailed) return error;
  throw new Error('nothing failed', { cause: error });
};

it('a first update of staging deploys: schema, services, health, traffic', async () => {
  const s = stage('staging');
  await s.up();
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
  expect(await s.release()).toMatchObject({
    serial: 0,
    traffic: { blue: 100, green: 0 },
    schema: { version: 'v1.0.0' },
  });
  expect(index(s, 'create migrate-command')).toBeLessThan(
    Math.min(...all(s, (n) => `create blue-${n}-service`)),
  );
  const smoke = index(s, 'create smoke-command');
  expect(smoke).toBeGreaterThan(index(s, 'create verify-command'));
  expect(smoke).toBeLessThan(Math.min(...all(s, (n) => `create routing-${n}`)));
  expect(index(s, 'create record-command')).toBeGreaterThan(
    Math.max(...all(s, (n) => `create routing-${n}`)),
  );
  const verify = index(s, 'create verify-command');
  expect(verify).toBeGreaterThan(Math.max(...all(s, (n) => `create blue-${n}-service`)));
  expect(verify).toBeLessThan(Math.min(...all(s, (n) => `create routing-${n}`)));
});

it('a new version in one update: beside the old one, verified, then traffic, and the old one goes last', async () => {
  const s = await atV1();
  s.config['sluice:version'] = 'v2.0.0';
  await s.up();
  expect(s.cloud.traffic()).toEqual(everywhere({ green: 100 }));
  expect(await s.release()).toMatchObject({ serial: 1, replaces: 0, traffic: { blue: 0, green: 100 } });
  const order = [
    index(s, 'create migrate-command'),
    Math.min(...all(s, (n) => `create green-${n}-service`)),
    Math.max(...all(s, (n) => `create green-${n}-service`)),
    index(s, 'create verify-command'),
    Math.min(...all(s, (n) => `update routing-${n}`)),
    Math.max(...all(s, (n) => `update routing-${n}`)),
    Math.min(...all(s, (n) => `delete blue-${n}-service`)),
  ];
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order.every((i) => i >= 0)).toBe(true);
  expect(s.cloud.names('aws:ecs/service:Service').every((name) => name.startsWith('green-'))).toBe(true);
  expect(s.messages().join()).toContain('deploys v2.0.0');
});

it('the health command is told where to look, with the token of the slot, and the token is not in state', async () => {
  const s = await atV1();
  const verify = s.cloud.named('verify-command')?.props['environment'] as Record<string, string>;
  const { blue } = (await s.outputs())['previewTokens'] as Record<string, string>;
  expect(JSON.parse(verify['SLUICE_HEALTH_TARGETS'] ?? '')).toContainEqual({
    service: 'education-service',
    url: 'http://127.0.0.1:8080/api/education/health',
    critical: true,
    version: 'v1.0.0',
    headers: { 'X-Sluice-Preview': blue },
  });
  expect(s.written()).not.toContain(blue);
});

it('a version that is not healthy fails the update: traffic, and the release that is named, stay', async () => {
  const s = await atV1();
  const before = await s.release();
  s.config['sluice:version'] = 'v2.0.0';
  s.cloud.before = (what) => {
    if (what === 'create verify-command') throw new Error('auth-service: 503 after 5 tries');
  };
  expect((await failure(s.up())).message).toContain('auth-service: 503 after 5 tries');
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
  expect(await s.release()).toEqual(before);
  // The next version takes the same slot, and everything is well again.
  s.cloud.before = () => undefined;
  s.config['sluice:version'] = 'v3.0.0';
  await s.up();
  expect(s.cloud.traffic()).toEqual(everywhere({ green: 100 }));
  expect(await s.release()).toMatchObject({ serial: 1, slots: { green: { version: 'v3.0.0' } } });
});

it('a failing migration stops the update before any service changes', async () => {
  const s = await atV1();
  s.config['sluice:version'] = 'v2.0.0';
  s.cloud.before = (what) => {
    if (what === 'create migrate-command') throw new Error('syntax error at or near "TABEL"');
  };
  expect((await failure(s.up())).message).toContain('TABEL');
  expect(s.cloud.names('aws:ecs/service:Service').every((name) => name.startsWith('blue-'))).toBe(true);
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
});

it('the same again changes nothing, also after the tag of an image was moved', async () => {
  const s = await atV1();
  s.cloud.versions.set('v1.0.0', 99);
  await s.up();
  expect(s.cloud.done).toEqual([]);
});

it('an edited service, or a rotated secret, is deployed under the same version', async () => {
  const s = await atV1();
  s.cloud.secretVersion = 'secret-version-2';
  await s.up();
  expect(s.cloud.traffic()).toEqual(everywhere({ green: 100 }));
  const { slots } = await s.release();
  expect(slots.green?.version).toBe('v1.0.0');
  expect(slots.green?.services['auth-service']?.secrets['DATABASE_URL']?.version).toBe('secret-version-2');
});

it('images that do not exist are named together, and nothing changes', async () => {
  const s = await atV1();
  s.config['sluice:version'] = 'v9.9.9';
  const error = await failure(s.up());
  expect(error.message).toContain('4 of 4 images of v9.9.9 cannot be found; nothing was changed');
  for (const name of SERVICES) expect(error.message).toContain(`docker.io/azora/${name}:v9.9.9`);
  expect(s.cloud.done).toEqual([]);
});

it('digests that are handed in are taken as they are', async () => {
  const s = await atV1();
  const image = `docker.io/azora/auth-service@sha256:${'ab'.repeat(32)}`;
  s.config['sluice:version'] = 'v2.0.0';
  s.config['sluice:images'] = JSON.stringify({ 'auth-service': image });
  await s.up();
  const { slots } = await s.release();
  expect(slots.green?.services['auth-service']?.image).toBe(image);
  expect(slots.green?.services['api-gateway']?.image).toMatch(/@sha256:0+2$/);
});
