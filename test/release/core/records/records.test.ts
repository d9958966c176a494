import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replayGate } from '../../../../release/core/gate/replay.ts';
import { destructiveParts } from '../../../../release/core/migrations.ts';
import { rollbackInstructions } from '../../../../release/core/records/instructions.ts';
import { LOG_KINDS, logName } from '../../../../release/core/records/names.ts';
import { parseRecord, serialiseRecord } from '../../../../release/core/records/parse.ts';
import { failureReport } from '../../../../release/core/records/report.ts';
import { summaryOf } from '../../../../release/core/records/summary.ts';
import { World } from '../../../support/world.ts';
import type { DeploymentRecord } from '../../../../release/core/records/schema.ts';

const records = async (): Promise<{ good: DeploymentRecord; bad: DeploymentRecord }> => {
  const world = await new World().withV1();
  const good = world.record((await world.deploy('v2.0.0', {}, { ticket: 'OPS-7', risk: 'high' })).deployment);
  world.cloud.behaviours.set('v3.0.0', { errorRate: 0.5 });
  const bad = world.record((await world.deploy('v3.0.0')).deployment);
  if (good === undefined || bad === undefined) throw new Error('both are recorded');
  return { good, bad };
};
const both = await records();

/** Every field that the source documents show. */
const FIELDS =
  `timestamp deployment_id version environment status git_sha git_ref triggered_by services_deployed
  database_backup migrations_applied rollout_stages health_checks rollback_available rollback_window_minutes
  rollback_deadline`.split(/\s+/);

describe('the record', () => {
  it('has every field of both documents, filled', () => {
    for (const field of FIELDS) expect(both.good, field).toHaveProperty(field);
    expect(both.good).toMatchObject({
      status: 'success',
      services_deployed: ['api', 'auth', 'mailer'],
      migrations_applied: 1,
      health_checks: { api: 'healthy', auth: 'healthy', database: 'healthy', smoke_tests: 'passed' },
      rollback_available: true,
      rollback_window_minutes: 60,
    });
    expect(both.good.change).toMatchObject({ who: 'ada', ticket: 'OPS-7', risk: 'high', team: 'platform' });
    expect(both.good.objectives.map((o) => o.met)).toEqual([true, true, true]);
    expect(both.bad.objectives.find((o) => o.name === 'errors')?.met).toBe(false);
  });

  it.each(['good', 'bad'] as const)('parse(serialise(x)) = x: %s', (which) => {
    expect(parseRecord(serialiseRecord(both[which]), 'x.json')).toEqual(both[which]);
  });

  it('lets the gate compute its verdicts again', () => {
    for (const { gate } of [both.good, both.bad]) {
      if (gate === undefined) throw new Error('both reached a stage');
      const replayed = replayGate((JSON.parse(JSON.stringify({ gate })) as { gate: typeof gate }).gate);
      expect(replayed.length).toBeGreaterThan(0);
      expect(replayed.every((r) => r.agrees)).toBe(true);
    }
  });

  it('survives with any text in it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.array(fc.string()), (why, by, pending) => {
        const record = {
          ...both.good,
          triggered_by: by,
          change: { ...both.good.change, why },
          migrations: { ...both.good.migrations, pending },
        };
        expect(parseRecord(serialiseRecord(record), 'x.json')).toEqual(record);
      }),
      { numRuns: 30 },
    );
  });

  it('damaged anywhere: one error that names the file, never a crash and never half a record', () => {
    const text = serialiseRecord(both.good);
    fc.assert(
      fc.property(fc.nat(text.length - 3), (at) => {
        expect(() => parseRecord(text.slice(0, at), 'records/production/x.json')).toThrow(
          /^record records\/production\/x\.json is damaged/,
        );
      }),
      { numRuns: 30 },
    );
    expect(() => parseRecord(text.replace('"success"', '"fine"'), 'x.json')).toThrow(
      /x\.json is damaged: status/,
    );
    expect(() => parseRecord('{"format":2}', 'x.json')).toThrow(/x\.json has format 2/);
  });

  it('says what others need of it', () => {
    expect(summaryOf(both.bad)).toMatchObject({ status: 'rolled_back', live: { version: 'v2.0.0' } });
    expect(summaryOf(both.good).backup).toBe(both.good.deployment_id);
  });
});

describe('documents for people', () => {
  it('rollback instructions: id, version, window, when, steps, restore commands, on call', () => {
    const text = rollbackInstructions(both.good);
    for (const part of [
      both.good.deployment_id,
      'v2.0.0',
      '60 minutes',
      both.good.rollback_deadline,
      'oncall@azora.world',
      'sluice rollback --stack production',
      'pulumi up --stack production',
      `sluice backup restore ${both.good.deployment_id}`,
      'gunzip | psql',
    ])
      expect(text).toContain(part);
  });

  it('failure report: stage, evidence, backup, way back, what to do', () => {
    const text = failureReport(both.bad);
    for (const part of [
      'stage canary',
      'rolled back',
      '(kept)',
      'weights restored after',
      'Users are on v2.0.0',
      '| api |',
    ])
      expect(text).toContain(part);
  });
});

describe('names', () => {
  it('logs are named as the documents name them', () => {
    const id = '1700000001-abcdef123456';
    expect(LOG_KINDS.map((k) => logName(k, id, 'staged'))).toContain(`rollout-logs-${id}`);
    expect(LOG_KINDS.map((k) => logName(k, id, 'direct'))).toContain(`docker-build-${id}`);
    for (const style of ['staged', 'direct'] as const)
      expect(new Set(LOG_KINDS.map((k) => logName(k, id, style))).size).toBe(LOG_KINDS.length);
  });
});

describe('destructive migrations', () => {
  it.each([
    ['alter table users drop column email;', ['drops a column']],
    ['ALTER TABLE users\n  DROP email;', ['drops a column']],
    ['drop table if exists carts cascade;', ['drops a table']],
    ['truncate audit;', ['empties a table']],
    ['alter table users alter column age type bigint;', ['changes a type']],
    ['alter table users rename column a to b;', ['renames']],
    ['-- drop table users\ncreate table x (id int);', []],
    ['create table a();\n-- migrate:down\ndrop table a;', []],
    ['alter table users drop constraint users_email_key;', []],
    ['alter table users add column note text; create index on users (note);', []],
  ])('%s', (sql, parts) => expect(destructiveParts(sql)).toEqual(parts));
});
