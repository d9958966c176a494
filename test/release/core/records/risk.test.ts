import { expect, it } from 'vitest';
import { riskNote, type Change } from '../../../../release/core/records/risk.ts';
import type { DeploymentRecord } from '../../../../release/core/records/schema.ts';
import { World } from '../../../support/world.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-20T00:00:00Z');

const change: Change = {
  version: 'v1.1.0',
  live: 'v1.0.0',
  services: ['api', 'web'],
  pendingMigrations: [],
  destructive: [],
};
const past = (daysAgo: number, more: Partial<DeploymentRecord> = {}): DeploymentRecord =>
  ({
    kind: 'release',
    status: 'success',
    images: { api: 'x' },
    finished_at: new Date(NOW - daysAgo * DAY).toISOString(),
    ...more,
  }) as DeploymentRecord;
const six = [2, 4, 6, 8, 10, 12].map((d) => past(d));

it('with a good history and a small change it is low, and says how many records that is based on', () => {
  expect(riskNote(six, change, NOW)).toEqual({
    level: 'low',
    text: 'risk low: a minor step from v1.0.0, 2 services, no migration; of 6 releases of these services none failed or went back, the last one 2 days ago. Based on 6 records',
  });
});

it('what failed before is named with where, and raises it', () => {
  const failure = { phase: 'stage', stage: 'canary' } as NonNullable<DeploymentRecord['failure']>;
  const mixed = [past(1, { status: 'rolled_back', failure }), ...six];
  expect(riskNote(mixed, change, NOW)).toMatchObject({
    level: 'medium',
    text: expect.stringContaining(
      'of 7 releases of these services 1 failed or went back (1 in canary)',
    ) as string,
  });
  const worse = Array.from({ length: 3 }, (_, i) => past(i, { status: 'failed', failure }));
  expect(riskNote([...six, ...worse, past(5, { status: 'failed', failure })], change, NOW).level).toBe(
    'high',
  );
});

it('a destructive migration is high whatever the history; other applications’ records do not count', () => {
  const destructive = {
    ...change,
    pendingMigrations: ['3_drop.sql'],
    destructive: ['3_drop.sql: drops a column'],
  };
  expect(riskNote(six, destructive, NOW).level).toBe('high');
  const others = six.map((r) => ({ ...r, images: { billing: 'x' } }));
  expect(riskNote(others, change, NOW).text).toContain(
    'no release of these services is on record. Based on 0 records; fewer than 5 say little',
  );
});

it('stands in the request for approval and in the record', async () => {
  const world = new World();
  const { approval } = world.app;
  Object.assign(world.app, { stages: [{ name: 'full', traffic: 100, bake: 0 }] });
  await world.withV1();
  Object.assign(world.app, { approval: { ...approval, when: 'first', timeout: 600_000 } });
  const outcome = await world.deploy('v2.0.0');
  const asked = world.heard.messages.find((m) => m.event === 'approval');
  expect(asked?.text).toMatch(/^risk \w+: a major step from v1\.0\.0, .*Based on 1 record;/m);
  expect(world.record(outcome.deployment)?.findings.map((f) => f.check)).toContain('risk');
});
