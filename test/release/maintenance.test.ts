import { describe, expect, it } from 'vitest';
import { runMaintenance } from '../../release/runner.ts';
import { testApp, World } from '../support/world.ts';

/** An application that is closed to users around its migrations; one stage of 100 %. */
const closing = (change: ConstructorParameters<typeof World>[0] = {}): World => {
  const { database } = testApp();
  if (database === undefined) throw new Error('no database');
  const migrations = { ...database.migrations, maintenance: true };
  return new World({
    database: { ...database, migrations },
    stages: [{ name: 'full', traffic: 100, bake: 0 }],
    ...change,
  });
};

/** What each completed update of a deployment said: who is let in, what the new slot has. */
const told = (world: World, deployment: string): string[] =>
  world.cloud.history
    .filter((r) => r.deployment === deployment)
    .map(
      (r) => `${r.maintenance === undefined ? 'open' : `closed by ${r.maintenance.by}`} ${r.traffic.green}`,
    );

const byPerson = (world: World, closed: boolean, at: number) =>
  runMaintenance(world.options(), {
    deployment: `${1_700_000_500 + at}-abcdefabcdef`,
    closed,
    by: 'ada',
    reason: 'restore',
  });

describe('maintenance around a migration', () => {
  it('closes before the backup, opens with the first share of the new version, and the record says when', async () => {
    const world = await closing().withV1();
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'success' });
    // close, backup, migrate, up; then all traffic.
    expect(told(world, outcome.deployment)).toEqual([
      ...Array<string>(4).fill('closed by release 0'),
      'open 100',
    ]);
    const record = world.record(outcome.deployment);
    const { from = '', to = '' } = record?.maintenance ?? {};
    expect(Date.parse(to) - Date.parse(from)).toBeGreaterThan(0);
    expect(record?.timeline.map((e) => e.what)).toContain('users are sent to the maintenance page');
  });

  it('nobody is kept out of the first version', async () => {
    const world = await closing().withV1();
    expect(world.cloud.history.every((r) => r.maintenance === undefined)).toBe(true);
  });

  it('a migration that fails lets users in again, on the version before', async () => {
    const world = await closing().withV1();
    world.cloud.behaviours.set('migration', { healthy: false });
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(world.cloud.outputs?.release?.maintenance).toBeUndefined();
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.record(outcome.deployment)?.maintenance?.to).toBeDefined();
  });

  it('in place: probed as probes come in, and opened at the end', async () => {
    const world = await closing({ strategy: 'rolling' }).withV1();
    const outcome = await world.deploy('v2.0.0');
    expect(outcome).toMatchObject({ result: 'success' });
    expect(told(world, outcome.deployment).at(-1)).toBe('open 0');
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });

  it('a rollback that restores the database keeps users out until it is restored', async () => {
    const world = await closing().withV1();
    await world.deploy('v2.0.0');
    const options = world.options();
    let closed: unknown;
    const restore = (deployment: string) => {
      closed = world.cloud.outputs?.release?.maintenance;
      return Promise.resolve({ deployment });
    };
    const outcome = await world.rollback({ restoreDatabase: true }, { ports: { ...options.ports, restore } });
    expect(outcome).toMatchObject({ result: 'success' });
    expect(closed).toMatchObject({ by: 'release' });
    expect(world.cloud.outputs?.release?.maintenance).toBeUndefined();
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  });
});

describe('sluice maintenance', () => {
  it('closes by one update that moves nothing; a release and its way back leave it closed', async () => {
    const world = await new World({ stages: [{ name: 'full', traffic: 100, bake: 0 }] }).withV1();
    expect(await byPerson(world, true, 0)).toMatchObject({ changed: true });
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(await byPerson(world, true, 1)).toMatchObject({ changed: false });
    expect(await world.deploy('v2.0.0')).toMatchObject({ result: 'success' });
    expect(await world.rollback()).toMatchObject({ result: 'success' });
    expect(world.cloud.outputs?.release?.maintenance).toMatchObject({ by: 'person' });
    expect(await byPerson(world, false, 2)).toMatchObject({ closed: false, changed: true });
    expect(world.cloud.outputs?.release?.maintenance).toBeUndefined();
    const kept = [...world.stores.record.objects.keys()].filter((k) => k.startsWith('maintenance/'));
    expect(kept).toHaveLength(2);
  });

  it('is refused where no page can stand before the services', async () => {
    const world = await new World().withV1();
    const app = {
      ...world.app,
      target: { kind: 'lambda', artifacts: 'b', alias: 'live', tests: [] } as never,
    };
    await expect(
      runMaintenance(world.options({ app }), {
        deployment: '1700000500-abcdefabcdef',
        closed: true,
        by: 'ada',
        reason: 'x',
      }),
    ).rejects.toThrow(/runs on Lambda.*no page can stand before it/);
  });
});
