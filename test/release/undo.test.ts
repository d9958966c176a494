import { describe, expect, it } from 'vitest';
import type { RollbackRequest } from '../../release/core/engine/types.ts';
import type { Outcome } from '../../release/runner.ts';
import type { Ports } from '../../release/runner/types.ts';
import { Killed, testApp, World } from '../support/world.ts';

/** Version 2 of an application whose migrations can be undone took a column away. */
const released = async (
  change: { back?: string | undefined; maintenance?: boolean } = {},
): Promise<World> => {
  const { database } = testApp();
  if (database === undefined) throw new Error('no database');
  const migrations = { ...database.migrations, back: 'npx dbmate rollback', ...change };
  const world = new World({
    database: { ...database, migrations },
    stages: [{ name: 'full', traffic: 100, bake: 0 }],
  });
  await world.withV1();
  const migration = () => Promise.resolve('alter table users drop column email;');
  const ports = { ...world.options().ports, migration };
  expect(await world.deploy('v2.0.0', { ports })).toMatchObject({ result: 'success' });
  return world;
};

/** A rollback that undoes migrations by `undo`, in a world of its own making. */
const undoing = (
  world: World,
  undo: NonNullable<Ports['undo']>,
  change: Partial<RollbackRequest> = {},
): Promise<Outcome> => {
  const ports = { ...world.options().ports, undo };
  return world.rollback({ revertMigrations: true, ...change }, { ports });
};

describe('a rollback with --revert-migrations', () => {
  it('without a command that undoes them is refused, with what to do', async () => {
    const world = await released({ back: undefined });
    expect((await world.rollback()).hint).toBe('add --restore-database, or --override to go back without');
    const refused = await world.rollback({ revertMigrations: true });
    expect(refused).toMatchObject({ result: 'refused', exit: 3 });
    expect(refused.hint).toContain('set database.migrations.back in sluice:app');
    expect(world.heard.undone).toEqual([]);
    expect(world.serving()).toEqual({ 'v2.0.0': 100 });
  });

  it('is named by the refusal to cross, goes on with a warning, and the record says what was undone', async () => {
    const world = await released();
    expect((await world.rollback()).hint).toMatch(/^add --revert-migrations .*or --restore-database, or --/);
    let then: unknown;
    const outcome = await undoing(world, ({ version, migrations }) => {
      then = { version, migrations, serving: world.serving() };
      return Promise.resolve({ undone: migrations });
    });
    expect(outcome).toMatchObject({ result: 'success', exit: 0 });
    // Traffic first; then the data; then what serves is verified.
    expect(then).toEqual({
      version: 'v1.0.0',
      migrations: ['002_roles.sql'],
      serving: { 'v1.0.0': 100 },
    });
    const record = world.record(outcome.deployment);
    expect(record?.migrations.undone).toEqual(['002_roles.sql']);
    expect(record?.findings.map((f) => f.message).join()).toContain('come back without their data');
    const said = record?.timeline.map((e) => e.what) ?? [];
    const order = ['weights restored and read back', 'migrations undone: 002_roles.sql', 'v1.0.0 serves'];
    const at = order.map((start) => said.findIndex((what) => what.startsWith(start)));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(at).not.toContain(-1);
    expect(world.agrees()).toBe(true);
  });

  it('where none ran since says so and runs nothing; what was undone is crossed no more', async () => {
    const world = await released();
    await world.rollback({ revertMigrations: true });
    expect(world.heard.undone).toEqual([['002_roles.sql']]);
    const forth = await world.rollback({ to: 'v2.0.0', revertMigrations: true });
    expect(forth.result).toBe('success');
    expect(world.record(forth.deployment)?.findings).toContainEqual(
      expect.objectContaining({ level: 'note', message: 'no migration ran since then: none is undone' }),
    );
    // The serial at which version 1 served before version 2 came: that migration is not there any more.
    const [first] = world.cloud.history.filter((r) => r.traffic.blue === 100);
    expect(await world.rollback({ to: String(first?.serial) })).toMatchObject({ result: 'success' });
    expect(world.heard.undone).toHaveLength(1);
  });

  it.each([
    { change: { restoreDatabase: true }, why: 'in a database that is restored' },
    { change: { mode: 'emergency' as const }, why: 'an emergency moves traffic only' },
  ])('is refused together with $change', async ({ change, why }) => {
    const world = await released();
    const outcome = await world.rollback({ revertMigrations: true, ...change });
    expect(outcome).toMatchObject({ result: 'refused' });
    expect(outcome.why).toContain(why);
    expect(world.heard).toMatchObject({ undone: [], restored: [] });
  });

  it('takes the place of a restore that rollbacks do by configuration', async () => {
    const world = await released();
    Object.assign(world.app, { rollback: { ...world.app.rollback, database: 'always' } });
    expect((await world.rollback({ revertMigrations: true })).result).toBe('success');
    expect(world.heard).toMatchObject({ undone: [['002_roles.sql']], restored: [] });
  });

  it('keeps users out until it is done, where the application closes for migrations', async () => {
    const world = await released({ maintenance: true });
    let closed: unknown;
    const outcome = await undoing(world, ({ migrations }) => {
      closed = world.cloud.outputs?.release?.maintenance;
      return Promise.resolve({ undone: migrations });
    });
    expect(outcome).toMatchObject({ result: 'success' });
    expect(closed).toMatchObject({ by: 'release' });
    expect(world.cloud.outputs?.release?.maintenance).toBeUndefined();
  });

  it('whose command fails ends as failed: a person is needed, traffic stays on the version gone back to', async () => {
    const world = await released({ maintenance: true });
    const outcome = await undoing(world, () =>
      Promise.reject(new Error('the migrations could not be undone (npx dbmate rollback ended with 1)')),
    );
    expect(outcome).toMatchObject({ result: 'failed', exit: 5 });
    expect(outcome.attention).toMatch(
      /npx dbmate rollback ended with 1.*\n.*stays on v1\.0\.0.*sluice maint/,
    );
    expect(world.serving()).toEqual({ 'v1.0.0': 100 });
    expect(world.cloud.outputs?.release?.maintenance).toMatchObject({ by: 'release' });
    expect(world.record(outcome.deployment)).toMatchObject({
      status: 'failed',
      failure: { by: 'migration' },
      live: { version: 'v1.0.0' },
    });
    // Mended, and tried again: only the data is left to go back.
    const again = await world.rollback({ to: 'v1.0.0', revertMigrations: true });
    expect(again).toMatchObject({ result: 'success' });
    expect(world.heard.undone).toEqual([['002_roles.sql']]);
    expect(world.cloud.outputs?.release?.maintenance).toBeUndefined();
    expect((await world.rollback({ to: 'v1.0.0', revertMigrations: true })).why).toContain('is live already');
  });

  it.each(['before', 'after'] as const)(
    'killed %s the command is resumed to the same end, under the same id',
    async (when) => {
      const world = await released();
      const ran: string[] = [];
      const undo: NonNullable<Ports['undo']> = ({ deployment, migrations }) => {
        ran.push(deployment);
        return Promise.resolve({ undone: migrations });
      };
      const ports = { ...world.options().ports, undo };
      const end = ({ kind }: { kind: string }): void => {
        if (kind === 'undo') throw new Killed(when);
      };
      await expect(
        world.rollback({ revertMigrations: true }, { ports, hooks: { [when]: end } }),
      ).rejects.toThrow(Killed);
      const deployment = [...world.stores.lease.objects.keys()]
        .map((key) => /^journals\/production\/(.+)\.json$/.exec(key)?.[1] ?? '')
        .toSorted()
        .at(-1);
      // Too late for what was left: the data is going back.
      const outcome = await world.resume(deployment ?? '', 'revert', { ports });
      expect(outcome).toMatchObject({ result: 'success', deployment });
      // The command has its own marker under this id; asked twice, it runs once.
      expect(new Set(ran)).toEqual(new Set([deployment]));
      expect(ran).toHaveLength(when === 'before' ? 1 : 2);
      expect(world.serving()).toEqual({ 'v1.0.0': 100 });
      expect(world.record(outcome.deployment)?.migrations.undone).toEqual(['002_roles.sql']);
    },
  );
});
