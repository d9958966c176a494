import { describe, expect, it } from 'vitest';
import { allOn, play, type Seen } from '../support/scenario.ts';

/** Nothing of version 2 was ever served. */
const expectUnseen = ({ end }: Seen): void => {
  expect(Object.keys(end.traffic.versions)).toEqual(['1.0.0']);
  expect(end.traffic.failed).toBe(0);
};

const expectStopped = (seen: Seen): void => {
  expect(seen.record.status).toBe('failed');
  expect(seen.end.outcome.exit).toBe(5);
  expect(seen.live).toEqual(allOn('blue'));
  expect(seen.outputs.release?.slots.green).toBeUndefined();
  expect(seen.columns).not.toContain('courses.level');
  expectUnseen(seen);
  const report = seen.file(`records/production/deployment-failure-report-${seen.record.deployment_id}.md`);
  expect(report).toContain(seen.record.failure?.why.slice(0, 40));
};

describe('a release that never gets traffic', () => {
  it('crash: no user request ever reaches version 2', async () => {
    await play('crash', (seen) => {
      expect(seen.record.status).toBe('rolled_back');
      expect(seen.end.outcome.exit).toBe(4);
      expect(seen.live).toEqual(allOn('blue'));
      expectUnseen(seen);
    });
  });

  it('wrong-version: no user request ever reaches it', async () => {
    await play('wrong-version', (seen) => {
      expect(seen.record.status).toBe('rolled_back');
      expect(seen.live).toEqual(allOn('blue'));
      expect(seen.record.failure?.why).toContain('9.9.9');
      expectUnseen(seen);
    });
  });

  it('bad-migration: stops before any service changes, and names the statement', async () => {
    await play('bad-migration', (seen) => {
      expectStopped(seen);
      expect(seen.record.failure).toMatchObject({ phase: 'migrate', by: 'migration' });
      const said = [seen.record.failure?.why, ...(seen.record.failure?.details ?? [])]
        .join('\n')
        .toLowerCase();
      expect(said).toContain('alter table');
    });
  });

  it('bad-backup: the stored copy differs; stops before the migration', async () => {
    await play('bad-backup', (seen) => {
      expectStopped(seen);
      expect(seen.record.failure).toMatchObject({ phase: 'backup', by: 'backup' });
    });
  });

  it('cut-backup: the upload is cut; stops before the migration', async () => {
    await play('cut-backup', (seen) => {
      expectStopped(seen);
      expect(seen.record.failure).toMatchObject({ phase: 'backup', by: 'backup' });
    });
  });

  it('ctrl-c in a bake: traffic back on version 1, nothing left running', async () => {
    const pids = await play('ctrl-c', async (seen) => {
      expect(seen.record.status).toBe('rolled_back');
      expect(seen.live).toEqual(allOn('blue'));
      expect(seen.record.failure?.by).toBe('person');
      const { services } = await seen.end.world.sandbox.status();
      return [seen.end.world.sandbox.pid, ...services.flatMap((s) => s.pids)];
    });
    expect(pids.length).toBeGreaterThan(4);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  });
});
