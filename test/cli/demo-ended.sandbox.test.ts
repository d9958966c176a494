import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Running } from '../support/command-world.ts';

/** Everything that a demo starts has this folder in its environment; its cloud is below it. */
let folder: string;
let demo: Running | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-ended-'));
  mkdirSync(join(folder, 'tmp'));
});
afterEach(async () => {
  await demo?.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const start = (...args: string[]): Running => {
  const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
  for (const name of Object.keys(environment)) if (/^(PULUMI_|SLUICE_)/.test(name)) delete environment[name];
  const given = ['--rps', '60', '--bakes', '40 seconds', '--directory', join(folder, 'work')];
  demo = new Running(['demo', ...given, ...args], { ...environment, TMPDIR: join(folder, 'tmp') });
  return demo;
};

const mentions = (pid: string, file: 'cmdline' | 'environ'): boolean => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(folder);
  } catch {
    // It has ended meanwhile, or is another user's.
    return false;
  }
};

/** Processes of the demo that run: by their command line or by what they inherited. */
const running = (): string[] =>
  readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && (mentions(pid, 'cmdline') || mentions(pid, 'environ')),
  );
const clouds = (): string[] =>
  readdirSync(join(folder, 'tmp')).filter((f) => f.startsWith('sluice-sandbox-'));

const baking = async (): Promise<void> => {
  // The second release: version 1 has one stage alone.
  await demo?.until('users', (l) => String(l['text']).startsWith('users: '));
  await demo?.baking('canary');
  // The demo, its cloud, four services twice, PostgreSQL, the users.
  expect(running().length).toBeGreaterThan(8);
  expect(clouds()).toHaveLength(1);
};

test('Ctrl-C during a bake: traffic back on version 1, exit 4, nothing left running', async () => {
  const run = start();
  await baking();
  run.child.kill('SIGINT');
  expect(await run.exited).toBe(4);
  expect(running()).toEqual([]);
  expect(clouds()).toEqual([]);
  const summary = run.result('summary');
  expect(summary['status']).toBe('rolled_back');
  for (const { shares } of summary['live'] as { shares: string }[]) expect(shares).toContain('blue 100 %');
  expect((summary['traffic'] as { failed: number }).failed).toBe(0);
  const record = JSON.parse(readFileSync(String(summary['record']), 'utf8')) as Record<string, unknown>;
  expect(record).toMatchObject({ status: 'rolled_back', failure: { by: 'person', stage: 'canary' } });
});

test('Ctrl-C before the release begins: one sentence, exit 3, nothing left running', async () => {
  const run = start();
  await run.until('users', (l) => String(l['text']).startsWith('users: '));
  run.child.kill('SIGINT');
  expect(await run.exited).toBe(3);
  const text = run.told();
  expect(text).toContain('"type":"error"');
  expect(text).toContain('interrupted before the release of v2.0.0 began');
  expect(text).not.toContain('"type":"bug"');
  expect(running()).toEqual([]);
  expect(clouds()).toEqual([]);
});

test('killed with -9 during a bake: everything it started ends by itself', async () => {
  const { child } = start();
  await baking();
  child.kill('SIGKILL');
  await expect.poll(running, { timeout: 3_000, interval: 100 }).toEqual([]);
  await expect.poll(clouds, { timeout: 3_000 }).toEqual([]);
  // What was written until then is there to read.
  expect(existsSync(join(folder, 'work', 'logs'))).toBe(true);
});
