import { expect, it } from 'vitest';
import { recordStore } from '../../../../release/adapters/records.ts';
import { auditCsv, auditEntry } from '../../../../release/core/records/audit.ts';
import { compareDeployments } from '../../../../release/core/records/compare.ts';
import { parseRecord } from '../../../../release/core/records/parse.ts';
import type { DeploymentRecord } from '../../../../release/core/records/schema.ts';
import { MemoryObjects, World } from '../../../support/world.ts';

const known = (record: DeploymentRecord | undefined): DeploymentRecord => {
  if (record === undefined) throw new Error('it is recorded');
  return record;
};
const world = new World();
Object.assign(world.app, { stages: [{ name: 'full', traffic: 100, bake: 0 }] });
await world.withV1();
const good = known(
  world.record(
    (await world.deploy('v2.0.0', {}, { ticket: 'OPS-7', risk: 'high', reason: '=cmd|"x"' })).deployment,
  ),
);
const back = await world.rollback({ mode: 'emergency' });

/** As the production document prints it, filled in. */
const OLD = {
  timestamp: '2025-11-02T10:00:00Z',
  deployment_id: '1762077600-abc123',
  version: 'v1.2.3',
  environment: 'production',
  status: 'success',
  git_sha: 'a'.repeat(40),
  git_ref: 'refs/tags/v1.2.3',
  triggered_by: 'grace',
  services_deployed: ['api-gateway'],
  database_backup: { backup_id: '1762077600-abc123', location: 's3://b/prod/x.sql.gz', timestamp: 't' },
  migrations_applied: '2',
  rollout_stages: [{ stage: 'canary', traffic_percentage: 5, duration_minutes: '5', status: 'healthy' }],
  health_checks: { api_gateway: 'healthy', smoke_tests: 'passed' },
  rollback_available: true,
  rollback_window_minutes: 60,
  rollback_deadline: '2025-11-02T11:00:00Z',
};

it('an audit line answers who, what, when, where, why, and holds the change record', () => {
  expect(auditEntry(good)).toMatchObject({
    change_id: good.deployment_id,
    who: 'ada',
    what: 'release of azora to v2.0.0',
    when: good.started_at,
    where: 'production, from laptop',
    ticket: 'OPS-7',
    risk: 'high',
    result: 'success',
    validation: expect.stringContaining('smoke_tests passed') as string,
    rollback_plan: expect.stringContaining('sluice rollback') as string,
    team: 'platform',
  });
});

it('as CSV a cell can neither break its row nor become a formula', () => {
  const [head = '', line = ''] = auditCsv([auditEntry(good)]).split('\r\n');
  expect(head).toMatch(/^change_id,when,ended,who,what,where,why,ticket,risk,approver,result,/);
  expect(line).toContain(`,"'=cmd|""x""",OPS-7,high,`);
});

it('an emergency rollback leaves an incident document, filled in', () => {
  const key = `documents/production/incident-report-${back.deployment}.md`;
  const text = world.stores.record.objects.get(key)?.body ?? '';
  for (const part of [
    '[INCIDENT] production deployment issue - high',
    'Impact: service outage; users were on v2.0.0',
    'Status: mitigated: v1.0.0 serves and was verified',
    '## Updates, every 15 minutes',
    'emergency rollback began: service outage',
    '1. Assess impact and scope',
    '6. Resume',
  ])
    expect(text).toContain(part);
  expect([...world.stores.record.objects.keys()].filter((k) => k.includes('incident-report'))).toEqual([key]);
});

it('two deployments are compared: version, digests, settings, traffic; what is equal is left out', async () => {
  const other = new World();
  Object.assign(other.app, {
    stages: [
      { name: 'canary', traffic: 5, bake: 120_000 },
      { name: 'full', traffic: 100, bake: 0 },
    ],
  });
  await other.withV1();
  const [a] = await recordStore(other.stores.record, 'production').all();
  const first = known(a);
  const api = Object.entries(other.app.services).map(([name, s]) => [name, { ...s, memory: s.memory * 2 }]);
  Object.assign(other.app, { services: Object.fromEntries(api) as typeof other.app.services });
  const second = known(other.record((await other.deploy('v2.0.0')).deployment));
  const records = recordStore(other.stores.record, 'production');
  const side = async (record: DeploymentRecord) => ({
    record,
    release: record.serial === undefined ? undefined : await records.release(record.serial),
  });
  const found = compareDeployments(
    await side(first),
    await side({ ...second, images: { ...second.images, api: 'azora/api@sha256:2' } }),
  );
  const of = (part: string) => found.filter((d) => d.part === part).map((d) => d.name);
  expect(of('deployment')).toContain('version');
  expect(of('images')).toEqual(['api']);
  expect(of('settings')).toContain('api.memory');
  expect(of('duration')).toContain('total');
  expect(of('traffic').some((n) => n.startsWith('canary api'))).toBe(true);
  expect(found.some((d) => d.a === d.b)).toBe(false);
});

it('a record of the older pipelines is read as it is, and not rewritten by reading it', async () => {
  const objects = new MemoryObjects();
  const text = JSON.stringify(OLD);
  await objects.put('records/production/1762077600-abc123.json', text);
  const [record] = await recordStore(objects, 'production').all();
  expect(record).toMatchObject({
    version: 'v1.2.3',
    status: 'success',
    migrations_applied: 2,
    duration_ms: { total: 300_000, bakes: 300_000 },
    change: { who: 'grace' },
  });
  expect(objects.objects.get('records/production/1762077600-abc123.json')?.body).toBe(text);
  expect(() => parseRecord(JSON.stringify({ ...OLD, status: 'fine' }), 'x.json')).toThrow(/status/);
});

it('records that ended before the period are not even fetched', async () => {
  const objects = new MemoryObjects();
  await objects.put('records/production/1700000000-aaaaaaaaaaaa.json', 'damaged: reading it would throw');
  expect(await recordStore(objects, 'production').all(Date.parse('2026-01-01T00:00:00Z'))).toEqual([]);
  await expect(recordStore(objects, 'production').all()).rejects.toThrow(/damaged/);
});
