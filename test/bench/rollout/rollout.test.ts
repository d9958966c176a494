import { expect, it } from 'vitest';
import { backupFindings } from '../../../bench/backup.ts';
import { rollbackFindings, type Rollback } from '../../../bench/rollout/rollback.ts';
import { trafficFindings } from '../../../bench/rollout/traffic.ts';
import type { Second, Summary } from '../../../sandbox/traffic/client.ts';

const rolledBack = (change: Partial<Rollback> = {}): Rollback => ({
  status: 'rolled_back',
  mode: 'automatic',
  restoredMs: 20,
  recordedMs: 400,
  verified: true,
  ...change,
});

const sent: Summary = {
  sent: 100_001,
  answered: 100_001,
  failed: 0,
  shed: 0,
  seconds: 100,
  rate: 1_000,
  byStatus: { '200': 100_001 },
  versions: { '1.0.0': 60_000, '2.0.0': 40_001 },
  p50: 3,
  p95: 20,
  p99: 50,
  failures: [],
};
const seconds: Second[] = Array.from({ length: 10 }, (_, at) => ({
  at,
  sent: 1_000,
  answered: 1_000,
  failed: 0,
  inFlight: 3,
  versions: {},
  p50: 3,
  p95: 20,
}));
const traffic = (change: Partial<Summary>, status = 'success'): boolean | undefined =>
  trafficFindings(status, { ...sent, ...change }, seconds, 1_000).rows[0]?.met;

it('a rollback counts by its slowest run, and only where the weights were read back', () => {
  const met = (runs: Rollback[]) => rollbackFindings(runs).rows[0]?.met;
  expect(met([rolledBack(), rolledBack({ restoredMs: 999 })])).toBe(true);
  expect(met([rolledBack(), rolledBack(), rolledBack({ restoredMs: 1_001 })])).toBe(false);
  expect(met([rolledBack(), rolledBack({ restoredMs: undefined })])).toBe(false);
  expect(met([rolledBack({ verified: false })])).toBe(false);
  expect(met([rolledBack({ status: 'success' })])).toBe(false);
});

it('a release under traffic needs every request sent, answered and well', () => {
  expect(traffic({})).toBe(true);
  expect(traffic({ failed: 1 })).toBe(false);
  expect(traffic({ shed: 1 })).toBe(false);
  expect(traffic({ answered: 99_999 })).toBe(false);
  expect(traffic({ rate: 299 })).toBe(false);
  expect(traffic({}, 'rolled_back')).toBe(false);
});

it('a backup that was not verified keeps no promise, however fast', () => {
  const result = {
    plainMegabytes: 200,
    backupMs: { ours: 1_000, rival: 1_000, ratio: 1, goal: 1.2 },
    restoreMs: { oursWithCompare: 2_000, plain: 1_000, ratio: 2 },
    memoryMiB: {
      small: { megabytes: 50, rss: 100 },
      large: { megabytes: 400, rss: 110 },
      ratio: 1.1,
      goal: 1.2,
    },
    verified: true,
  };
  const met = (change: Partial<typeof result>) =>
    backupFindings({ ...result, ...change }).rows.map((row) => row.met);
  expect(met({})).toEqual([true, undefined, true]);
  expect(met({ verified: false })).toEqual([false, undefined, false]);
  expect(met({ backupMs: { ...result.backupMs, ratio: 1.21 } })).toEqual([false, undefined, true]);
});
