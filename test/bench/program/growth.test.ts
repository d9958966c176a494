import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { growthFindings, perAdded } from '../../../bench/program/growth.ts';
import type { Grown } from '../../../bench/program/grow.ts';
import { programFor } from '../../../bench/program/many.ts';
import { createEngine, fileStore } from '../../../sandbox/engine/index.ts';
import { agreeingCloud } from '../../../bench/program/cloud.ts';

const timed = (time: (services: number) => number): Map<number, number> =>
  new Map([40, 400, 1_000].map((size) => [size, time(size)]));

const runs = (time: (services: number) => number): Grown[] =>
  (['preview', 'up'] as const).flatMap((kind) =>
    [...timed(time)].flatMap(([services, ms]) =>
      // The slower of two rounds: somebody else needed the machine.
      [ms, 10 * ms].map((took) => ({ kind, services, resources: 0, ms: took, cpuMs: took, memory: 0 })),
    ),
  );

const resources = async (services: number): Promise<number> => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  try {
    const engine = createEngine({
      project: 'sluice',
      stack: 'production',
      program: programFor(services),
      config: { 'aws:region': 'eu-west-1' },
      provider: agreeingCloud(),
      store: fileStore(directory),
      passphrase: 'test',
      now: () => 0,
    });
    return (await engine.preview()).steps.length;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

it('a fixed time and a time per service are ratio 1, whatever the fixed time', () => {
  expect(perAdded(timed((n) => 500 + 3 * n)).ratio).toBeCloseTo(1);
  expect(perAdded(timed((n) => 3 * n))).toEqual({ early: 3, late: 3, ratio: 1 });
});

it('a time that grows with the square of the services breaks the promise', () => {
  expect(perAdded(timed((n) => 3 * n + n * n)).ratio).toBeGreaterThan(2);
  expect(growthFindings(runs((n) => 3 * n + n * n)).rows.map(({ met }) => met)).toEqual([false, false]);
});

it('a disturbed round does not break it', () => {
  expect(growthFindings(runs((n) => 3 * n)).rows.map(({ met }) => met)).toEqual([true, true]);
});

it('a size that was not measured is no result', () => {
  expect(() => perAdded(new Map([[40, 1]]))).toThrow('400 services were not measured');
});

it('each added service is a service with everything that belongs to it, and no listener limit stops them', async () => {
  const [few, more, many] = [await resources(2), await resources(3), await resources(40)];
  expect(more - few).toBe(13);
  expect(many - more).toBe(37 * 13);
});
