import { describe, expect, it } from 'vitest';
import { planGate, stagesBeforeAll } from '../../cli/gate/plan.ts';
import { seeded } from '../../lib/random.ts';
import { allOn, play, type Seen } from '../support/scenario.ts';

/** Every scenario that must go back: traffic on version 1, version 2 out of every production rule, the backup kept. */
const expectBack = async ({ record, live, outputs, objects, end }: Seen): Promise<void> => {
  expect(record.status).toBe('rolled_back');
  expect(end.outcome.exit).toBe(4);
  expect(live).toEqual(allOn('blue'));
  expect(outputs.release?.traffic).toEqual({ blue: 100, green: 0 });
  expect(record.live?.version).toBe('v1.0.0');
  expect(record.rollback?.verified).toBe(true);
  const keys = await objects.backup.list('prod/');
  expect(keys).toContain(`prod/backup-${record.deployment_id}.sql.gz`);
};

/**
 * Time after which `sluice gate plan` says that 9 of 10 such releases are sent back at the first share, and the time it took;
 * ms since the stage began. The plan is asked about the busiest service, with what was known before the release.
 */
const promisedAndTaken = (
  { record, end }: Seen,
  rates: { readonly before?: number; readonly now: number },
): readonly [promised: number, taken: number] => {
  const { app } = end.session.config;
  const { log, verdicts } = record.gate ?? {};
  const look = verdicts?.at(-1)?.look;
  if (log === undefined || look === undefined) throw new Error('the record holds no verdict of the gate');
  const services = Object.values(log.terms.services);
  const busiest = services.reduce((a, b) => (b.perSecond > a.perSecond ? b : a));
  const [row] = planGate(
    {
      rps: busiest.perSecond,
      errors: rates.before ?? busiest.rate,
      stages: stagesBeforeAll(app),
      settings: app.gate,
      tests: log.terms.tests,
      regressions: [rates.now],
      delay: app.health.interval,
    },
    seeded(1),
  ).rows;
  if (row?.nineOfTen === undefined) throw new Error('the plan promises nothing');
  return [row.nineOfTen, look.now - look.stage.startedAt];
};

describe('a release through the whole sandbox', () => {
  it('healthy: version 2 at 100 %, no request failed, version 1 warm', async () => {
    await play('healthy', async ({ record, live, end, outputs, objects, columns, file }) => {
      expect(record.status).toBe('success');
      expect(end.outcome.exit).toBe(0);
      expect(end.traffic.failed).toBe(0);
      expect(end.traffic.shed).toBe(0);
      expect(live).toEqual(allOn('green'));
      expect(record.rollout_stages.map((s) => [s.stage, s.traffic_percentage, s.status])).toEqual([
        ['canary', 5, 'healthy'],
        ['progressive', 50, 'healthy'],
        ['full', 100, 'healthy'],
      ]);
      for (const stage of record.rollout_stages)
        for (const shares of Object.values(stage.weights ?? {}))
          expect(shares.green ?? 0).toBe(stage.traffic_percentage);
      expect(record.smoke_tests.every((t) => t.passed)).toBe(true);
      expect(record.migrations_applied).toBe(1);
      expect(columns).toContain('courses.level');
      expect(Date.parse(record.rollback_deadline) - Date.parse(record.finished_at)).toBe(3_600_000);
      const blue = outputs.routing.services['api-gateway']?.targetGroups.blue ?? '';
      const { ports } = end.session.run(outputs, record.deployment_id);
      expect((await ports.prober.targets([blue]))[blue]?.healthy).toBeGreaterThan(0);
      const id = record.deployment_id;
      expect(file(`records/production/rollback-instructions-${id}.md`)).toContain(id);
      for (const kind of ['backup', 'migration', 'build', 'rollout', 'smoke-test'])
        expect(await objects.record.list('logs/production/')).toContain(
          `logs/production/${kind}-logs-${id}.log`,
        );
      expect(await objects.record.list('records/production/')).toContain(`records/production/${id}.json`);
      expect(record.database_backup?.location).toContain(`prod/backup-${id}.sql.gz`);
    });
  });

  it('errors: back at the canary, with the evidence', async () => {
    await play('errors', async (seen) => {
      await expectBack(seen);
      const { record, end } = seen;
      expect(record.failure?.stage).toBe('canary');
      expect(record.rollout_stages.at(-1)?.verdicts.at(-1)).toMatchObject({ verdict: 'fail', by: 'errors' });
      expect(record.rollback?.weights_restored_ms).toBeLessThanOrEqual(1000);
      const [promised, taken] = promisedAndTaken(seen, { now: 0.3 });
      expect(taken).toBeLessThanOrEqual(promised);
      // Nobody but the canary's share met version 2.
      expect(end.traffic.failed).toBeLessThan(end.traffic.answered * 0.05);
    });
  });

  it('slow: back by latency', async () => {
    await play('slow', async (seen) => {
      await expectBack(seen);
      expect(seen.record.rollout_stages.at(-1)?.verdicts.at(-1)).toMatchObject({
        verdict: 'fail',
        by: 'latency',
      });
      // Slower than the stable version's p95: one request in twenty before, more than half of them now.
      const [promised, taken] = promisedAndTaken(seen, { before: 0.05, now: 0.5 });
      expect(taken).toBeLessThanOrEqual(promised);
    });
  });

  it('lost-metrics: holds, then back; never a silent pass', async () => {
    await play('lost-metrics', async (seen) => {
      await expectBack(seen);
      const verdicts = seen.record.rollout_stages.flatMap((s) => s.verdicts);
      expect(verdicts.at(-1)).toMatchObject({ verdict: 'fail', by: 'data' });
      expect(verdicts.some((v) => v.verdict === 'pass')).toBe(false);
    });
  });

  it('smoke-fails: back from 100 %', async () => {
    await play('smoke-fails', async (seen) => {
      await expectBack(seen);
      expect(seen.record.rollout_stages.map((s) => s.traffic_percentage)).toEqual([5, 50, 100]);
      expect(seen.record.smoke_tests.filter((t) => !t.passed).map((t) => t.name)).toEqual([
        'critical endpoint',
      ]);
    });
  });
});
