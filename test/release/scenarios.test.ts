import { describe, expect, it } from 'vitest';
import { World } from '../support/world.ts';

const v1 = { 'v1.0.0': 100 };

/** No trace of the new version in any production rule, ever. */
const neverServed = (world: World, from: number): boolean =>
  world.cloud.trace.slice(from).every((t) => Object.keys(t.weights).length === 1);

describe('a release ends as its scenario says', () => {
  it('healthy: v2 at 100 %, v1 warm, stages as planned, record success', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'success', exit: 0 });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect(world.cloud.outputs?.release?.slots.blue?.version).toBe('v1.0.0');
    const record = world.record(outcome.deployment);
    expect(record?.status).toBe('success');
    expect(
      record?.rollout_stages.map((s) => [s.stage, s.traffic_percentage, s.duration_minutes, s.status]),
    ).toEqual([
      ['canary', 5, 5, 'healthy'],
      ['progressive', 50, 10, 'healthy'],
      ['full', 100, 15, 'healthy'],
    ]);
    expect(record?.rollout_stages[0]?.weights?.['auth']).toEqual({ blue: 95, green: 5 });
    expect(record?.rollback_window_minutes).toBe(60);
    expect(Date.parse(record?.rollback_deadline ?? '') - Date.parse(record?.finished_at ?? '')).toBe(
      3_600_000,
    );
    expect(world.heard.messages.map((m) => m.event)).toEqual(['success', 'success']);
    expect(world.cloud.broken).toEqual([]);
    expect(world.agrees()).toBe(true);
  });

  it.each([
    ['errors', { errorRate: 0.3 }, 'canary'],
    ['slow', { slowRate: 0.9 }, 'canary'],
    ['lost-metrics', { silent: true }, 'canary'],
  ])(
    '%s: traffic back on v1, recorded with stage and evidence, backup kept',
    async (_name, behaviour, stage) => {
      const world = await new World().withV1();
      world.cloud.behaviours.set('v2.0.0', behaviour);
      const outcome = await world.deploy('v2.0.0');
      expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
      expect(world.serving()).toEqual(v1);
      const record = world.record(outcome.deployment);
      expect(record?.status).toBe('rolled_back');
      expect(record?.failure?.stage).toBe(stage);
      expect(record?.rollout_stages.at(-1)?.verdicts.at(-1)?.verdict).toBe('fail');
      expect(record?.rollout_stages.at(-1)?.verdicts.at(-1)?.evidence.length).toBeGreaterThan(0);
      expect(record?.rollback?.weights_restored_ms).toBeLessThanOrEqual(1000);
      expect(record?.rollback?.recorded_ms).toBeGreaterThan(record?.rollback?.weights_restored_ms ?? 0);
      expect(record?.database_backup?.backup_id).toBe(outcome.deployment);
      expect(
        world.stores.record.objects.has(
          `documents/production/deployment-failure-report-${outcome.deployment}.md`,
        ),
      ).toBe(true);
      expect(world.heard.messages.at(-1)?.event).toBe('rolled_back');
      expect(world.cloud.outputs?.release?.slots.green).toBeUndefined();
      expect(world.agrees()).toBe(true);
      expect(world.cloud.broken).toEqual([]);
    },
  );

  it('lost-metrics holds for the configured time before it goes back', async () => {
    const world = await new World().withV1();
    world.cloud.behaviours.set('v2.0.0', { silent: true });
    const outcome = await world.deploy('v2.0.0');
    const stage = outcome.state.stages[0];
    const held = (stage?.endedAt ?? 0) - (stage?.bakeFrom ?? 0);
    expect(held).toBeGreaterThanOrEqual(world.app.gate.noDataFor);
    expect(stage?.verdicts.map((v) => v.verdict.verdict)).toContain('hold');
  });

  it('an update that goes on for minutes after it moved traffic is not taken for lost traffic', async () => {
    const world = await new World().withV1();
    world.cloud.slowEnd = 240_000;
    expect(await world.deploy('v2.0.0')).toMatchObject({ result: 'success' });
  });

  it.each([
    ['crash', { healthy: false }],
    ['wrong-version', { answers: 'v1.9.9' }],
  ])('%s: no user request ever reaches v2', async (_name, behaviour) => {
    const world = await new World().withV1();
    const before = world.cloud.trace.length;
    world.cloud.behaviours.set('v2.0.0', behaviour);
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(neverServed(world, before)).toBe(true);
    expect(world.serving()).toEqual(v1);
    expect(outcome.why).toContain(_name === 'crash' ? 'status 503' : 'answers v1.9.9, wanted v2.0.0');
  });

  it('the update that brings the slot up never ends: stopped at its timeout, rolled back', async () => {
    const world = await new World().withV1();
    world.cloud.hangs = (r) => r.slots.green?.version === 'v2.0.0' && r.traffic.green === 0;
    const outcome = await world.deploy('v2.0.0');
    expect(outcome.result).toBe('rolled_back');
    expect(outcome.why).toContain('took longer than');
    expect(world.serving()).toEqual(v1);
  });

  it.each([
    ['bad-migration', 'migration', 'relation "rolez" does not exist'],
    ['bad-backup', 'backup', 'the restored copy differs'],
  ])('%s: stops before any service changes', async (_name, what, reason) => {
    const world = await new World().withV1();
    const slots = world.cloud.outputs?.release?.slots;
    world.cloud.behaviours.set(what, { healthy: false });
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'failed', exit: 5 });
    expect(world.cloud.outputs?.release?.slots).toEqual(slots);
    expect(world.serving()).toEqual(v1);
    const record = world.record(outcome.deployment);
    expect(record?.status).toBe('failed');
    expect(record?.services_deployed).toEqual([]);
    expect(record?.failure?.details.join()).toContain(reason);
    expect(record?.rollback).toBeUndefined();
    if (what === 'backup') expect(world.cloud.outputs?.release?.schema?.version).toBe('v1.0.0');
  });

  it('a backup whose metadata does not say that it was verified is none', async () => {
    const world = await new World().withV1();
    world.cloud.behaviours.set('backup', { silent: true });
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'failed', exit: 5 });
    expect(outcome.why).toContain('not found to be restorable');
    expect(world.cloud.outputs?.release?.schema?.version).toBe('v1.0.0');
  });

  it('smoke-fails: rolled back from 100 %', async () => {
    const world = await new World().withV1();
    world.cloud.behaviours.set('v2.0.0', { smoke: false });
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(world.serving()).toEqual(v1);
    expect(world.record(outcome.deployment)?.failure?.phase).toBe('smoke');
    expect(world.record(outcome.deployment)?.rollout_stages.map((s) => s.status)).toEqual([
      'healthy',
      'healthy',
      'healthy',
    ]);
  });

  it('smoke-fails with onFailure: report stays live and calls a person', async () => {
    const base = new World().app.smoke;
    const world = await new World({ smoke: { ...base, onFailure: 'report' } }).withV1();
    world.cloud.behaviours.set('v2.0.0', { smoke: false });
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'success', exit: 5, attention: 'smoke tests failed' });
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
    expect(world.record(outcome.deployment)?.health_checks['smoke_tests']).toBe('failed');
    expect(world.heard.messages.at(-1)?.event).toBe('failure');
  });

  it('the first release goes straight to 100 % after its probes', async () => {
    const world = await new World().withV1();
    const shares = world.cloud.trace.map((t) => Object.values(t.weights));
    expect(shares).toEqual([[100], [100]]);
  });

  it.each(['half', 'before'] as const)(
    'an update that fails %s during a stage: everything back',
    async (how) => {
      const world = await new World().withV1();
      world.cloud.updateFault = (r) => (r.traffic.green === 50 ? how : undefined);
      const outcome = await world.deploy('v2.0.0');
      expect(outcome.result).toBe('rolled_back');
      expect(world.serving()).toEqual(v1);
      expect(world.agrees()).toBe(true);
      expect(world.record(outcome.deployment)?.failure?.by).toBe('update');
    },
  );

  it('the update that records a rollback fails: traffic is back all the same, and a person is called', async () => {
    const world = await new World().withV1();
    world.cloud.behaviours.set('v2.0.0', { errorRate: 0.5 });
    world.cloud.updateFault = (r) =>
      r.slots.green === undefined && world.cloud.running.has('green') ? 'before' : undefined;
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 5 });
    expect(outcome.attention).toContain('records the rollback failed');
    expect(world.serving()).toEqual(v1);
  });

  it('a direct deployment is one update with its record', async () => {
    const world = new World({ rollout: 'direct' });
    await world.cloud.up(undefined);
    const before = world.cloud.updates;
    const outcome = await world.deploy('v1.0.0');
    expect(outcome.result).toBe('success');
    expect(world.cloud.updates - before).toBe(1);
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });

  it('a direct deployment that is not healthy goes back to the version before', async () => {
    const world = new World({ rollout: 'direct' });
    await world.cloud.up(undefined);
    await world.deploy('v1.0.0');
    world.cloud.behaviours.set('v2.0.0', { healthy: false });
    const outcome = await world.deploy('v2.0.0');
    expect(outcome.result).toBe('rolled_back');
    expect(world.serving()).toEqual(v1);
  });

  it.each(['beforeBuild', 'beforeTraffic', 'afterStart'] as const)('migrations %s', async (when) => {
    const { database } = new World().app;
    if (database === undefined) throw new Error('the test application has a database');
    const world = new World({ database: { ...database, migrations: { ...database.migrations, when } } });
    await world.withV1();
    const outcome = await world.deploy('v2.0.0');
    expect(outcome.result).toBe('success');
    const phases = [...new Set(outcome.state.timeline.map((e) => e.phase))];
    const migrate = phases.indexOf('migrate');
    expect(migrate > phases.indexOf('deploy')).toBe(when !== 'beforeBuild');
    if (when === 'beforeBuild') expect(migrate).toBeLessThan(phases.indexOf('build'));
    expect(world.cloud.broken).toEqual([]);
  });
});

describe('refused, with nothing changed', () => {
  const refusedAs = async (world: World, version: string, message: string): Promise<void> => {
    const updates = world.cloud.updates;
    const outcome = await world.deploy(version);
    expect(outcome).toMatchObject({ result: 'refused', exit: 3 });
    expect(outcome.why).toContain(message);
    expect(world.cloud.updates).toBe(updates);
    expect(world.record(outcome.deployment)).toBeUndefined();
  };

  it('a tag that does not exist', async () =>
    refusedAs(await new World().withV1(), 'v9.9.9', 'tag v9.9.9 does not exist'));

  it('a missing secret', async () => {
    const world = await new World().withV1();
    Object.assign(world.app, { secrets: { ...world.app.secrets, STRIPE: 'missing' } });
    await refusedAs(world, 'v2.0.0', 'secret missing (STRIPE) does not exist');
  });

  it('inside a freeze window', async () => {
    const freeze = [{ from: '2023-01-01T00:00:00Z', to: '2024-01-01T00:00:00Z', reason: 'stocktaking' }];
    const world = new World();
    await world.withV1();
    Object.assign(world.app, { freeze });
    await refusedAs(world, 'v2.0.0', 'stocktaking');
  });

  it('live weights that are not the stack’s', async () => {
    const world = await new World().withV1();
    world.cloud.byHand({ blue: 50, green: 50 });
    await refusedAs(world, 'v2.0.0', 'live weights differ');
  });

  it('an unwritable working folder', async () => {
    const world = await new World().withV1();
    world.stores.local.down = true;
    await refusedAs(world, 'v2.0.0', 'the working folder cannot be written');
  });

  it('an image that was never pushed, where another pipeline builds', async () => {
    const world = new World();
    Object.assign(world.app, { images: { ...world.app.images, build: undefined } });
    await world.cloud.up(undefined);
    await refusedAs(world, 'v1.0.0', 'image of api v1.0.0 is not in the registry');
  });

  it('a stack that was never updated', async () => {
    await refusedAs(new World(), 'v1.0.0', 'the stack was never updated');
  });

  it('a version that is no version, and an id that is none, both named', async () => {
    const world = await new World().withV1();
    await expect(world.deploy('latest', {}, { deployment: 'x' })).rejects.toMatchObject({
      exit: 2,
      problems: [{ path: 'version' }, { path: 'deployment' }],
    });
  });
});
