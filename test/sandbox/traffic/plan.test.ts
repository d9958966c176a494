import { expect, test } from 'vitest';
import { arrivals, AZORA_VISITS, visitor } from '../../../sandbox/traffic/plan.ts';
import { Report } from '../../../sandbox/traffic/report.ts';

const take = <T>(next: () => T, count: number): T[] => Array.from({ length: count }, next);

test('the same seed makes the same visits at the same moments; another seed does not', () => {
  expect(take(visitor(AZORA_VISITS, 7), 200)).toEqual(take(visitor(AZORA_VISITS, 7), 200));
  expect(take(visitor(AZORA_VISITS, 7), 200)).not.toEqual(take(visitor(AZORA_VISITS, 8), 200));
  expect(take(arrivals(500, 7), 200)).toEqual(take(arrivals(500, 7), 200));
});

test('arrivals come in order, at the rate that was asked for in every stretch of time', () => {
  const times = take(arrivals(200, 3), 2_000);
  times.forEach((at, i) => {
    expect(at).toBeGreaterThanOrEqual(i * 5);
    expect(at).toBeLessThan((i + 1) * 5);
  });
});

test('during the ramp the rate grows evenly, afterwards it is constant', () => {
  const times = take(arrivals(1_000, 3, 2_000), 3_000);
  const within = (from: number, to: number): number => times.filter((at) => at >= from && at < to).length;
  expect(within(0, 500)).toBeCloseTo(62, -1);
  expect(within(1_500, 2_000)).toBeCloseTo(438, -1);
  expect(within(2_000, 3_000)).toBeCloseTo(1_000, -1);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('visits come in their shares', () => {
  const seen = take(visitor(AZORA_VISITS, 1), 10_000);
  const share = (path: string, method: string): number =>
    seen.filter((v) => v.path === path && v.method === method).length / seen.length;
  expect(share('/api/', 'GET')).toBeCloseTo(0.3, 1);
  expect(share('/auth/session', 'POST')).toBeCloseTo(0.04, 1);
});

test('a summary counts every failure and keeps the first twenty', () => {
  const report = new Report();
  for (let i = 0; i < 30; i += 1) {
    report.sent();
    report.failed({ at: i, method: 'GET', path: '/', status: 0, version: 'none', reason: 'refused' });
  }
  report.sent();
  report.answered(200, '1.0.0', 12);
  report.sent();
  expect(report.second(0)).toMatchObject({ sent: 32, answered: 1, failed: 30, inFlight: 1 });
  const summary = report.summary(2);
  expect(summary).toMatchObject({
    sent: 32,
    answered: 1,
    failed: 30,
    rate: 16,
    byStatus: { '0': 30, '200': 1 },
  });
  expect(summary.failures).toHaveLength(20);
});
