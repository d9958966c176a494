import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDemoWorld, type DemoWorld } from '../../cli/demo/world.ts';
import type { Outcome } from '../../release/runner.ts';
import { commandLine, jsonLines, type Told } from '../support/command-line.ts';
import { attach, promoted } from '../support/promoted.ts';

/** Two releases ended well; what the commands say about them, and the drills. One cloud, in the order below. */
let directory: string;
let world: DemoWorld;
let first: Outcome;
let second: Outcome;

let detach: () => void;

const bring = async (version: string): Promise<Outcome> => {
  const { outcome } = await promoted(world, version);
  expect(outcome).toMatchObject({ result: 'success', exit: 0 });
  return outcome;
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-records-'));
  world = await openDemoWorld('production', directory);
  detach = attach(world);
  first = await bring('v1.0.0');
  second = await bring('v2.0.0');
}, 120_000);
afterAll(async () => {
  detach();
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

const sluice = (...args: string[]): Promise<Told> => commandLine([...args, '--directory', directory]);
const told = async (type: string, ...args: string[]): Promise<Record<string, unknown>[]> =>
  jsonLines((await sluice(...args, '--json')).out).filter((l) => l['type'] === type);

test('history answers by status, version, time and number', async () => {
  const ids = async (...args: string[]) =>
    (await told('deployment', 'history', ...args)).map((l) => l['deployment']);
  expect(await ids()).toEqual([second.deployment, first.deployment]);
  expect(await ids('--version', 'v1.0.0')).toEqual([first.deployment]);
  expect(await ids('--status', 'rolled_back')).toEqual([]);
  expect(await ids('--limit', '1')).toEqual([second.deployment]);
  expect(await ids('--since', '2999-01-01')).toEqual([]);
});

test('diff, audit and metrics read the same records', async () => {
  const [diff] = await told('diff', 'diff', 'v1.0.0', 'v2.0.0');
  expect(diff).toMatchObject({ a: first.deployment, b: second.deployment });
  const parts = (diff?.['differences'] ?? []) as { part: string }[];
  expect(parts.map((d) => d.part)).toEqual(
    expect.arrayContaining(['deployment', 'images', 'migrations', 'duration']),
  );
  const csv = (await sluice('audit', 'export', '--format', 'csv')).out.trim().split('\r\n');
  expect(csv).toHaveLength(3);
  expect(csv[1]).toContain(first.deployment);
  const [metrics] = await told('metrics', 'metrics');
  expect(metrics).toMatchObject({ records: 2, figures: { releases: 2, successes: 2, changeFailureRate: 0 } });
  // From the commit, whose time each record has.
  expect(metrics).toHaveProperty('figures.leadTime.median');
});

test('the closer watch sees a healthy release without traffic: nothing to look at, and it goes on', async () => {
  const [watch] = await told('watch', 'watch');
  expect(watch).toMatchObject({ deployment: second.deployment, calm: true, over: false, unhealthy: [] });
});

test('a backup by schedule lies below daily/, and a drill restores it within the objectives', async () => {
  const [backup] = await told('backup', 'backup', 'create');
  expect(backup).toMatchObject({
    verified: true,
    location: expect.stringContaining('/daily/prod/backup-') as string,
  });
  const [drill] = await told('drill', 'drill', 'restore');
  expect(drill).toMatchObject({ met: true, deployment: backup?.['deployment'], differences: [] });
});

test('a rollback drill asks first, then goes back and forward again, and figures leave it out', async () => {
  const asked = await sluice('drill', 'rollback');
  expect(asked).toMatchObject({ code: 3, err: expect.stringContaining('--yes') as string });
  await delay(1_100);
  const [drill] = await told('drill', 'drill', 'rollback', '--yes');
  expect(drill).toMatchObject({
    met: true,
    rpoMs: 0,
    from: { version: 'v2.0.0' },
    to: { version: 'v1.0.0' },
  });
  expect(drill?.['rtoMs']).toBeLessThan(60_000);
  const [metrics] = await told('metrics', 'metrics');
  expect(metrics).toMatchObject({ records: 4, figures: { rollbacks: 0, changeFailureRate: 0 } });
});

test('production’s database is never made fresh', async () => {
  const refused = await sluice('database', 'fresh', '--stack', 'production');
  expect(refused).toMatchObject({
    code: 3,
    err: expect.stringContaining('data that users rely on') as string,
  });
});
