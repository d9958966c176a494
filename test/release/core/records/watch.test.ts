import { expect, it } from 'vitest';
import { watchDocument, watchReport } from '../../../../release/core/records/watch.ts';
import type { Baseline } from '../../../../release/ports/metrics.ts';
import { World } from '../../../support/world.ts';

const DAY = 86_400_000;
const world = new World();
Object.assign(world.app, {
  stages: [
    { name: 'canary', traffic: 5, bake: 120_000 },
    { name: 'full', traffic: 100, bake: 0 },
  ],
});
await world.withV1();
const record = world.record((await world.deploy('v2.0.0')).deployment);
if (record === undefined) throw new Error('it is recorded');
const ended = Date.parse(record.finished_at);

const counts = (change: Partial<Baseline> = {}): Baseline => ({
  requests: 100_000,
  errors: 10,
  seconds: 3_600,
  p50: 20,
  p95: 60,
  p99: 90,
  errorWindows: [],
  ...change,
});

it('a calm release has nothing to look at, and the watch ends after its time', () => {
  const input = { record, unhealthy: [], watchFor: DAY, seen: { api: counts() } };
  expect(watchReport({ ...input, now: ended + DAY / 2 })).toMatchObject({ calm: true, over: false });
  const end = watchReport({ ...input, now: ended + 2 * DAY });
  expect(end).toMatchObject({ over: true, to: new Date(ended + DAY).toISOString() });
  expect(watchDocument(end, 'production')).toContain('Verdict: nothing to look at');
});

it('errors above the objective, latency above it or above the version before, and ill health are named', () => {
  const report = watchReport({
    record,
    unhealthy: ['auth: answered 503'],
    watchFor: DAY,
    now: ended + DAY / 4,
    seen: {
      api: counts({ errors: 500, p95: 800 }),
      auth: counts({ requests: 0, errors: 0, p95: undefined }),
    },
  });
  expect(report.calm).toBe(false);
  expect(report.services[0]?.concerns).toEqual(
    expect.arrayContaining(['errors 0.50 %, objective under 0.1 %', 'p95 800 ms, objective under 500 ms']),
  );
  expect(report.services[0]?.concerns.some((c) => c.endsWith('ms before the release'))).toBe(true);
  expect(report.services[1]).toMatchObject({ errorRate: undefined, concerns: [] });
  expect(watchDocument(report, 'production')).toContain('unhealthy: auth: answered 503');
});
