import { expect, it } from 'vitest';
import { parseApp } from '../../config/app.ts';
import type { Release, Slot } from '../../config/release.types.ts';
import { freeze } from '../../release/core/freeze.ts';
import { applyStep, planSteps } from '../../release/core/plan.ts';
import type { Props } from '../../sandbox/provider/contract.ts';
import { StackFailed } from '../../sandbox/engine/index.ts';
import { D1, D2, digest } from '../support/releases.ts';
import { stage, type Stage } from './cloud.ts';

const appOf = (s: Stage) => parseApp(JSON.parse(s.config['sluice:app'] ?? ''), { stack: 'production' });

/** The application of a stage, frozen at a version. */
const slotOf = (s: Stage, version: string, deployment: string, n: number): Slot => {
  const app = appOf(s);
  const images = Object.fromEntries(
    Object.keys(app.services).map((name) => [name, `docker.io/azora/${name}@${digest(n)}`]),
  );
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:PROD_DATABASE_URL-abcdef';
  return freeze(app, { version, deployment, images, secrets: { DATABASE_URL: { arn, version: 'one' } } });
};

/** Production with v1 at 100 %, in one update, to save the time of its steps. */
const atV1 = async (edit?: (app: Props) => void): Promise<Stage> => {
  const s = stage('production', edit);
  await s.up({
    format: 1,
    serial: 0,
    replaces: null,
    deployment: D1,
    slots: { blue: slotOf(s, 'v1.0.0', D1, 1) },
    traffic: { blue: 100, green: 0 },
    backup: D1,
    schema: { deployment: D1, version: 'v1.0.0' },
  });
  s.cloud.done.length = 0;
  return s;
};

/**
 * Runs the steps of v2 up to and including the named one, each an update. Backup and migration go along with the
 * step after them where a test does not ask for them: fewer updates.
 */
const stepTo = async (s: Stage, name: string, target = slotOf(s, 'v2.0.0', D2, 2)) => {
  const app = appOf(s);
  let current = await s.release();
  let draft = current;
  for (const step of planSteps({ current, stages: app.stages, database: app.database, build: false })) {
    const { serial } = current;
    const change = applyStep(step, draft, { deployment: D2, target, version: target.version });
    draft = { ...change, serial, replaces: current.replaces };
    if (step.name !== name && (step.kind === 'backup' || step.kind === 'migrate')) continue;
    if (step.kind === 'up' && current.slots.green !== undefined) continue;
    s.cloud.done.length = 0;
    const outcome = await s.up({ ...change, serial: serial + 1, replaces: serial });
    if (step.name === name) return outcome;
    current = draft = await s.release();
  }
  throw new Error(`no step ${name}`);
};

const SERVICES = ['api-gateway', 'auth-service', 'education-service', 'marketplace-service'];
const everywhere = (shares: Record<string, number>) => Object.fromEntries(SERVICES.map((s) => [s, shares]));

const failure = async (work: Promise<unknown>): Promise<StackFailed> => {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (error instanceof StackFailed) return error;
  throw new Error('nothing was refused', { cause: error });
};

it('a first update brings the version of the stack file in: schema, services, health, traffic; then it is carried on', async () => {
  const s = stage('production');
  await s.up();
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
  const first = await s.release();
  expect(first).toMatchObject({ serial: 0, replaces: null, slots: { blue: { version: 'v1.0.0' } } });
  expect(first).toMatchObject({ backup: first.deployment, schema: { deployment: first.deployment } });
  const order = ['backup-command', 'migrate-command', 'blue-auth-service-service', 'verify-command'];
  const at = [...order, 'smoke-command', 'routing-auth-service', 'record-command'].map((name) =>
    s.cloud.done.indexOf(`create ${name}`),
  );
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  expect(at[0]).toBeGreaterThanOrEqual(0);
  s.cloud.done.length = 0;
  await s.up();
  expect(s.cloud.done).toEqual([]);
  expect(await s.release()).toEqual(first);
  // From here on the stages watch: a release of the engine goes on from it.
  await stepTo(s, 'canary');
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 95, green: 5 }));
  for (const kind of ['verify', 'smoke', 'record']) expect(s.cloud.named(`${kind}-command`)).toBeUndefined();
});

it('a first version that is not healthy gets no traffic, and the next update tries again', async () => {
  const s = stage('production');
  s.cloud.before = (what) => {
    if (what === 'create verify-command') throw new Error('api-gateway answers 503');
  };
  expect((await failure(s.up())).message).toContain('api-gateway answers 503');
  expect(s.cloud.traffic()).toEqual({});
  s.cloud.before = () => undefined;
  await s.up();
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
});

it('a first update without a version makes the ground, exports serial 0 and says how to deploy', async () => {
  const s = stage('production');
  delete s.config['sluice:version'];
  await s.up();
  expect(await s.release()).toMatchObject({
    serial: 0,
    replaces: null,
    slots: {},
    traffic: { blue: 0, green: 0 },
  });
  expect(s.messages().join()).toContain('sluice deploy --stack production --version v1.0.0');
  expect(s.cloud.names('aws:ecs/service:Service')).toEqual([]);
  expect(s.cloud.names('aws:lb/listenerRule:ListenerRule')).toEqual([]);
  expect(await s.outputs()).toMatchObject({
    buckets: { backup: 'azora-backups', record: 'azora-production-record', lease: 'azora-production-lease' },
    routing: { services: {}, previewHeader: 'X-Sluice-Preview' },
  });
});

it('a preview of the first update knows the whole graph and changes nothing', async () => {
  const s = stage('production');
  const { changes } = await s.engine().preview();
  expect(changes['create']).toBeGreaterThan(50);
  expect(s.cloud.done).toEqual([]);
});

it('a release goes through backup, migration, an idle slot and the stages, each one update', async () => {
  const s = await atV1();
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
  await stepTo(s, 'backup');
  expect(s.cloud.done.sort()).toEqual(['create backup-command', 'create release', 'delete backup-command']);
  await stepTo(s, 'migrate');
  expect(s.cloud.done.filter((d) => d.includes('command'))).toEqual([
    'create migrate-command',
    'delete migrate-command',
  ]);
  await stepTo(s, 'up');
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
  expect(s.cloud.done.filter((d) => !d.includes('green') && !d.includes('release'))).toEqual([]);
  const canary = await stepTo(s, 'canary');
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 95, green: 5 }));
  // Only the four rules, and the release that was kept.
  expect(s.cloud.done.sort()).toEqual([
    'create release',
    ...SERVICES.map((name) => `update routing-${name}`),
  ]);
  expect(canary?.changes).toMatchObject({ update: 4, replace: 1 });
  await stepTo(s, 'full');
  expect(s.cloud.traffic()).toEqual(everywhere({ green: 100 }));
  expect(s.cloud.names('aws:ecs/service:Service')).toHaveLength(8);
  expect(await s.release()).toMatchObject({
    traffic: { blue: 0, green: 100 },
    backup: D2,
    schema: { version: 'v2.0.0' },
  });
});

it('every completed release stays in the record bucket, by serial', async () => {
  const s = await atV1();
  await stepTo(s, 'up');
  const objects = [...s.cloud.things.values()].filter((t) => t.name === 'release');
  const last = await s.release();
  expect(objects.map((o) => o.props['key'])).toEqual(
    Array.from({ length: last.serial + 1 }, (_, serial) => `releases/production/${serial}.json`),
  );
  expect(JSON.parse(String(objects.at(-1)?.props['content']))).toEqual(last);
});

it('a bare update carries on: nothing changes, whatever version and settings say', async () => {
  const s = await atV1();
  await stepTo(s, 'canary');
  s.config['sluice:version'] = 'v3.0.0';
  const app = JSON.parse(s.config['sluice:app'] ?? '') as { everyService: Props };
  app.everyService['replicas'] = 7;
  s.config['sluice:app'] = JSON.stringify(app);
  s.cloud.done.length = 0;
  const { changes } = await s.up();
  expect(changes['same']).toBeGreaterThan(100);
  expect(s.cloud.done).toEqual([]);
  expect(s.messages().join('\n')).toContain(
    'v3.0.0 is not live: sluice deploy --stack production --version v3.0.0',
  );
  expect(s.messages().join('\n')).toContain('app differs from the live slot in 4 services');
});

it('a release for another serial is refused with the command that mends it', async () => {
  const s = await atV1();
  const release = await s.release();
  const wrong: Release = { ...release, serial: 8, replaces: 7, traffic: { blue: 0, green: 0 } };
  const error = await failure(s.up(wrong));
  expect(error.message).toContain(`replaces serial 7, but stack production is at serial ${release.serial}`);
  expect(error.message).toContain(`jq -c '.replaces = ${release.serial} | .serial = ${release.serial + 1}'`);
  expect(s.cloud.done).toEqual([]);
});

it('weights that were changed by hand stop a bare update before anything moves', async () => {
  const s = await atV1();
  const rule = s.cloud.named('routing-auth-service');
  await stepTo(s, 'up');
  const green = [...s.cloud.things].find(([, t]) => t.name === 'green-auth-service-target-group')?.[0];
  const blue = [...s.cloud.things].find(([, t]) => t.name === 'blue-auth-service-target-group')?.[0];
  if (rule === undefined) throw new Error('no rule');
  const targetGroups = [
    { arn: blue, weight: 1 },
    { arn: green, weight: 1 },
  ];
  rule.props = { ...rule.props, actions: [{ type: 'forward', forward: { targetGroups } }] };
  s.cloud.done.length = 0;
  const error = await failure(s.up());
  expect(error.message).toContain('auth-service: live {"blue":50,"green":50}, release {"blue":100}');
  expect(error.message).toContain('sluice reconcile --stack production');
  expect(s.cloud.done).toEqual([]);
});

it('an update that fails for one of four rules leaves the old release named, and a bare update refuses', async () => {
  const s = await atV1();
  await stepTo(s, 'up');
  const before = await s.release();
  const next = applyStep(
    { kind: 'shift', name: 'canary', stage: { name: 'canary', traffic: 5, bake: 0 } },
    before,
    {
      deployment: D2,
      target: slotOf(s, 'v2.0.0', D2, 2),
      version: 'v2.0.0',
    },
  );
  // The rule with the lowest rank: the others wait for the first one only.
  const positions = Object.entries((await s.outputs())['positions'] as Record<string, number>);
  const [last] = positions.toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  s.cloud.before = (what) => {
    if (what === `update routing-${last}`) throw new Error('Throttling: rate exceeded');
  };
  const error = await failure(s.up(next));
  expect(error.message).toContain('Throttling');
  expect(await s.release()).toEqual(before);
  s.cloud.before = () => undefined;
  s.cloud.done.length = 0;
  expect((await failure(s.up())).message).toContain('sluice reconcile');
  expect(s.cloud.done).toEqual([]);
  // The same step again goes on.
  await s.up(next);
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 95, green: 5 }));
});

it('a slot that does not come up stops the update before any rule changes', async () => {
  const s = await atV1();
  const before = await s.release();
  const target = slotOf(s, 'v2.0.0', D2, 2);
  const up = applyStep({ kind: 'up', name: 'up' }, before, { deployment: D2, target, version: 'v2.0.0' });
  s.cloud.before = (what) => {
    if (what === 'create green-education-service-service') throw new Error('tasks failed to start');
  };
  // By hand, in one step: the slot and half of the traffic.
  const hasty: Release = { ...up, traffic: { blue: 50, green: 50 } };
  expect((await failure(s.up(hasty))).message).toContain('tasks failed to start');
  expect(s.cloud.traffic()).toEqual(everywhere({ blue: 100 }));
  expect(await s.release()).toEqual(before);
});

it('a service that only one version has is served whole from its slot', async () => {
  const s = await atV1();
  const target = slotOf(s, 'v2.0.0', D2, 2);
  const { 'auth-service': auth, ...rest } = target.services;
  if (auth === undefined) throw new Error('no auth-service');
  const services = { ...rest, 'chat-service': { ...auth, paths: ['/chat/*'] } };
  const before = await s.outputs();
  await stepTo(s, 'progressive', { ...target, services });
  expect(s.cloud.traffic()).toEqual({
    'api-gateway': { blue: 50, green: 50 },
    'education-service': { blue: 50, green: 50 },
    'marketplace-service': { blue: 50, green: 50 },
    'auth-service': { blue: 100 },
    'chat-service': { green: 100 },
  });
  // Nobody else's rule got another priority.
  expect((await s.outputs())['positions']).toMatchObject(before['positions'] as object);
  await stepTo(s, 'full', { ...target, services });
  expect(s.cloud.traffic()).not.toHaveProperty('auth-service');
  await s.up(
    applyStep({ kind: 'down', name: 'down' }, await s.release(), {
      deployment: D2,
      target,
      version: 'v2.0.0',
    }),
  );
  expect(s.cloud.names('aws:ecs/service:Service').every((name) => name.startsWith('green-'))).toBe(true);
});

it('a migration out of the runner’s reach runs beside a new service: its definition, subnets and groups', async () => {
  const s = stage('production', (app) => {
    const database = app['database'] as Props;
    const migrations = { ...(database['migrations'] as Props), when: 'beforeTraffic' };
    app['database'] = { ...database, runs: 'task', backup: { enabled: false }, migrations };
  });
  await s.up();
  const [subnet, other] = ['network-private-0', 'network-private-1'].map((name) => s.cloud.idOf(name));
  const groups = ['blue-api-gateway-group', 'blue-peers'].map((name) => s.cloud.idOf(name));
  const definition = s.cloud.named('blue-api-gateway-task-definition')?.props['arn'];
  expect(s.cloud.named('migrate-command')?.props['environment']).toMatchObject({
    SLUICE_RUNS: 'task',
    SLUICE_CLUSTER: s.cloud.named('cluster')?.props['arn'],
    SLUICE_SUBNETS: `${subnet},${other}`,
    SLUICE_SECURITY_GROUPS: groups.join(','),
    SLUICE_TASK_DEFINITION: definition,
  });
  const { done } = s.cloud;
  expect(done.indexOf('create migrate-command')).toBeGreaterThan(
    done.indexOf('create blue-api-gateway-service'),
  );
  expect(done.indexOf('create routing-api-gateway')).toBeGreaterThan(done.indexOf('create migrate-command'));
});

it('workers start in the new slot with the switch, not before', async () => {
  const s = await atV1((app) => {
    (app['services'] as Props)['mailer'] = { kind: 'worker' };
  });
  const counts = () =>
    ['blue', 'green'].map((slot) => s.cloud.named(`${slot}-mailer-service`)?.props['desiredCount']);
  expect(counts()).toEqual([5, undefined]);
  await stepTo(s, 'progressive');
  expect(counts()).toEqual([5, 0]);
  await stepTo(s, 'full');
  expect(counts()).toEqual([0, 5]);
});

it('outputs without a release that can be read are refused: an update would delete the services', async () => {
  const s = await atV1();
  const broken = { url: 'https://azora.world', routing: {}, release: { format: 2 } };
  await s
    .withProgram(() => Promise.resolve(broken))
    .up()
    .catch(() => undefined);
  const error = await failure(s.up());
  expect(error.message).toContain('its release cannot be read');
});

it('preview tokens are secret, differ by slot and deployment, and stay as they are', async () => {
  const s = await atV1();
  await stepTo(s, 'up');
  const outputs = await s.engine().outputs();
  const tokens = outputs?.['previewTokens'];
  expect(tokens?.secret).toBe(true);
  expect(outputs?.['previewKey']?.secret).toBe(true);
  const { blue, green } = (tokens?.value ?? {}) as Record<string, string>;
  expect(blue).toMatch(/^[0-9a-f]{64}$/);
  expect(green).not.toBe(blue);
  const rule = s.cloud.named('green-auth-service-preview');
  expect(rule?.props['conditions']).toEqual([
    { httpHeader: { httpHeaderName: 'X-Sluice-Preview', values: [green] } },
    { pathPattern: { values: ['/auth/*'] } },
  ]);
  await s.up();
  expect((await s.outputs())['previewTokens']).toEqual({ blue, green });
  expect(s.written()).not.toContain(blue);
});

it('bad configuration is one message, without a stack, and changes nothing', async () => {
  const s = stage('production', (app) => {
    app['rolout'] = 'direct';
    app['url'] = 'nowhere';
  });
  const error = await failure(s.up());
  expect(error.message).toContain('unknown key `rolout`');
  expect(error.message).toContain('sluice:app.url');
  expect(error.message).not.toContain('    at ');
  expect(s.cloud.done).toEqual([]);
});
