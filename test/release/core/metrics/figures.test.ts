import { expect, it } from 'vitest';
import { factsOf, type DeploymentFacts } from '../../../../release/core/metrics/facts.ts';
import { figuresOf } from '../../../../release/core/metrics/figures.ts';
import { judge, time } from '../../../../release/core/metrics/targets.ts';
import { World } from '../../../support/world.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const T0 = Date.parse('2026-06-01T00:00:00Z');

const fact = (day: number, change: Partial<DeploymentFacts> = {}): DeploymentFacts => ({
  deployment: `d${day}`,
  kind: 'release',
  version: `v${day}.0.0`,
  status: 'success',
  startedAt: T0 + day * DAY - HOUR,
  finishedAt: T0 + day * DAY,
  committedAt: T0 + day * DAY - 5 * HOUR,
  workMs: 300_000,
  changed: true,
  tookAway: undefined,
  restoreMs: undefined,
  phases: { backup: 60_000 },
  healthy: 4,
  checked: 4,
  requests: 1_000,
  errors: 0,
  ...change,
});

it('counts what every figure means: five releases, one rolled back by itself, one by a person, one never begun', () => {
  const facts = [
    fact(1),
    fact(2, { status: 'rolled_back', restoreMs: 2_000, errors: 5 }),
    fact(3),
    fact(4, { status: 'failed', changed: false, committedAt: undefined }),
    fact(5, { kind: 'rollback', version: 'v1.0.0', tookAway: 'v3.0.0', restoreMs: 4_000 }),
    fact(6),
  ];
  const f = figuresOf(facts, T0, T0 + 10 * DAY);
  expect(f).toMatchObject({ releases: 5, successes: 3, rolledBack: 1, failed: 1, rollbacks: 1, perDay: 0.3 });
  expect(f.successRate).toBe(60);
  // Of the four that reached services: v2 went back by itself, a person took v3 away.
  expect(f.changeFailureRate).toBe(50);
  expect(f.rollbackFrequency).toBe(40);
  expect(f.leadTime).toEqual({ count: 3, median: 5 * HOUR, p90: 5 * HOUR, longest: 5 * HOUR });
  expect(f.timeToRestore).toMatchObject({ count: 2, median: 3_000, longest: 4_000 });
  expect(f.availability).toBeCloseTo(100 - 100 * (5 / 6_000));
  expect(f.phases).toMatchObject({ backup: { count: 5, median: 60_000 } });
});

it('says of each figure whether its target is met, and of none that it is when nothing was seen', () => {
  const judged = judge(figuresOf([fact(1), fact(2)], T0, T0 + 7 * DAY), 'production');
  const met = Object.fromEntries(judged.map((j) => [j.name, j.met]));
  expect(met).toMatchObject({
    'deployment frequency': true,
    'change failure rate': true,
    'time to restore': null,
    'success rate': true,
    'duration without bakes': true,
    'availability in rollouts': true,
  });
  expect(judge(figuresOf([], T0, T0 + DAY), 'staging').every((j) => j.met === null)).toBe(true);
  const slow = judge(figuresOf([fact(1, { workMs: 20 * 60_000 })], T0, T0 + 7 * DAY), 'staging');
  expect(slow.find((j) => j.name === 'duration without bakes')).toMatchObject({
    met: false,
    seen: 'median 20 min, 90 % within 20 min, longest 20 min',
  });
  expect(slow.find((j) => j.name === 'deployment frequency')?.met).toBe(false);
});

it('is computed from real records: a release that went back says how long users waited, and where the time went', async () => {
  const world = await new World().withV1();
  world.cloud.behaviours.set('v2.0.0', { errorRate: 0.5 });
  const bad = world.record((await world.deploy('v2.0.0', {}, { committedAt: T0 })).deployment);
  if (bad === undefined) throw new Error('it is recorded');
  const facts = factsOf(bad);
  expect(facts).toMatchObject({ status: 'rolled_back', changed: true, committedAt: T0 });
  expect(facts.restoreMs).toBeGreaterThan(0);
  expect(facts.requests).toBeGreaterThan(0);
  expect(facts.errors).toBeGreaterThan(0);
  expect(Object.keys(facts.phases)).toEqual(expect.arrayContaining(['preflight', 'backup', 'stage canary']));
  expect(Object.values(facts.phases).reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(
    2 * (facts.finishedAt - facts.startedAt),
  );
});

it('ten thousand records are summed up within a second', () => {
  const many = Array.from({ length: 10_000 }, (_, i) =>
    fact(i / 30, {
      version: `v${i}.0.0`,
      deployment: `d${i}`,
      status: i % 20 === 0 ? 'rolled_back' : 'success',
    }),
  );
  const before = process.threadCpuUsage();
  const f = figuresOf(many, T0, T0 + 400 * DAY);
  const { user, system } = process.threadCpuUsage(before);
  // Processor time: what else the machine does is not the point.
  expect((user + system) / 1_000).toBeLessThan(1_000);
  expect(f).toMatchObject({ releases: 10_000, changeFailureRate: 5 });
});

it.each([
  [740, '740 ms'],
  [12_440, '12.4 s'],
  [2_040_000, '34 min'],
  [5.2 * HOUR, '5.2 h'],
  [3 * DAY, '3 days'],
])('%d ms reads as %s', (ms, text) => expect(time(ms)).toBe(text));
