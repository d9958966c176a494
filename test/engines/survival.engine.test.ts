import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frozenNow } from '../../cli/work/preview-slots.ts';
import { deploymentId } from '../../lib/ids.ts';
import { journalStore } from '../../release/adapters/journal.ts';
import { wholeRelease } from '../../release/core/preview/ahead.ts';
import { startTraffic, type TrafficRun } from '../../sandbox/traffic/client.ts';
import { CommandWorld } from '../support/command-world.ts';
import { D1 } from '../support/releases.ts';
import { checkout } from './cli.ts';
import { azoraConfig } from './ground.ts';

/** A release and a rollback by the real engine, with the real tasks, whose runners die. */
let world: CommandWorld;
let users: TrafficRun;
beforeAll(async () => {
  world = await CommandWorld.empty({ engine: 'real' });
  // Version 1 in one update, as a first `pulumi up` brings it in.
  const url = await world.session(async ({ session }) => {
    const nothing = { url: '', routing: { services: {} }, buckets: { backup: '', record: '', lease: '' } };
    const run = session.run({ release: undefined, ...nothing }, 'first');
    const { slot } = await frozenNow(run, undefined, 'v1.0.0', D1);
    const first = wholeRelease(undefined, slot, undefined);
    const { outputs } = await session.stack.up(first, { onEvent: () => undefined });
    return outputs.url;
  });
  // The schema comes with version 2: until then users find no pages that need it.
  users = startTraffic({ url, rate: 10, visits: [{ method: 'GET', path: '/auth/health', weight: 1 }] });
}, 120_000);
afterAll(async () => {
  const seen = await users.stop();
  await world.close();
  // Whoever was killed carried no request.
  expect(seen.failed).toBe(0);
});

interface Ended {
  readonly killed: boolean;
  readonly result: string | undefined;
  readonly told: string;
}

const SCRIPT = fileURLToPath(new URL('../support/runner-process.ts', import.meta.url));

const runner = async (mode: string, deployment: string, kind = '', when = ''): Promise<Ended> => {
  const args = [SCRIPT, world.directory, mode, deployment, kind, when];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: world.environment,
  });
  const lines: { effect?: string; result?: string }[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (text) => lines.push(JSON.parse(text) as object));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const signal = await new Promise<string | null>((done) => child.once('close', (_, by) => done(by)));
  return {
    killed: signal === 'SIGKILL',
    result: lines.at(-1)?.result,
    told: `${lines.map((l) => JSON.stringify(l)).join('\n')}\n${errors}`,
  };
};

const plainOf = (environment: Readonly<NodeJS.ProcessEnv>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([k, v]) => (v === undefined ? [] : [[k, v] as const])),
  );

type Points = readonly (readonly [kind: string, when: 'before' | 'after' | 'during'])[];

/** Every kind of effect once, in the order in which a release comes to them; an update in its middle, too. */
const RELEASE: Points = [
  ['preflight', 'after'],
  ['acquire', 'after'],
  ['facts', 'before'],
  ['update', 'after'],
  ['metadata', 'before'],
  ['build', 'before'],
  ['freeze', 'after'],
  ['probe', 'before'],
  ['baseline', 'after'],
  ['update', 'during'],
  ['look', 'after'],
  ['smoke', 'after'],
  ['message', 'before'],
  ['record', 'after'],
  ['letGo', 'before'],
];
/** What a release does not come to. */
const ROLLBACK: Points = [
  ['survey', 'after'],
  ['weights', 'before'],
  ['weights', 'after'],
  ['update', 'during'],
];

/** Each runner goes on where the one before was killed, and is killed at the next point. */
const walk = async (mode: 'deploy' | 'rollback', points: Points): Promise<string> => {
  const deployment = deploymentId(Date.now(), 'd'.repeat(40));
  for (const [i, [kind, when]] of points.entries()) {
    const ended = await runner(i === 0 ? mode : 'continue', deployment, kind, when);
    if (!ended.killed) throw new Error(`was to die ${when} ${kind}, but ended:\n${ended.told}`);
  }
  const last = await runner('continue', deployment);
  expect(last.result, last.told).toBe('success');
  return deployment;
};

/** Journal, weights, stack outputs and record say the same. */
const expectAgreement = async (deployment: string, slot: 'blue' | 'green'): Promise<void> => {
  const look = await world.look();
  expect(look).toMatchObject({ drift: [], open: [] });
  expect(Object.values(look.live)).toEqual(Array.from({ length: 4 }, () => ({ [slot]: 100 })));
  expect((await world.record(deployment))?.status).toBe('success');
  const entry = await world.session(async ({ session }) =>
    journalStore(session.objects(await session.outputs()).lease, 'production').load(deployment),
  );
  expect(entry?.state.phase).toMatchObject({ name: 'done', result: { status: 'success' } });
  expect(look.outputs.release?.serial).toBe(entry?.state.current?.serial);
};

test('killed with -9 at one kind of effect after the other, a release is resumed to its end', async () => {
  await expectAgreement(await walk('deploy', RELEASE), 'green');
}, 300_000);

/** As a run on another machine leaves it when that is switched off. */
const lockElsewhere = (): string => {
  const backend = new URL(world.environment['PULUMI_BACKEND_URL'] ?? '').pathname;
  const folder = join(backend, '.pulumi/locks/organization/sluice/production');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, '7b0d94a0-2b0c-4b0e-9d5b-0f5a3e0f7c11.json');
  const timestamp = new Date().toISOString();
  writeFileSync(file, JSON.stringify({ pid: 1, username: 'ada', hostname: 'runner-7', timestamp }));
  return file;
};

test('an emergency rollback that could not be recorded: a bare up is refused and moves nothing, reconcile mends it', async () => {
  const lock = lockElsewhere();
  const { code, running } = await world.run('rollback', '--mode', 'emergency', '--reason', 'service outage');
  expect(code).toBe(5);
  expect(String(running.result('outcome')['why'])).toContain('runner-7');
  rmSync(lock);
  const back = await world.look();
  expect(Object.values(back.live)).toEqual(Array.from({ length: 4 }, () => ({ blue: 100 })));
  expect(back.drift).toHaveLength(4);

  const place = { directory: world.directory, environment: plainOf(world.environment) };
  const bare = await checkout(place, azoraConfig('production')).pulumi('up', '--yes', '--skip-preview');
  expect(bare.code).not.toBe(0);
  expect(bare.text).toContain('sluice reconcile --stack production');
  expect((await world.look()).live).toEqual(back.live);

  expect((await world.run('reconcile', '--to', 'live')).code).toBe(0);
  expect(await world.look()).toMatchObject({ drift: [], open: [], live: back.live });
}, 120_000);

test('a rollback whose runners are killed, from there back to the release', async () => {
  await expectAgreement(await walk('rollback', ROLLBACK), 'green');
}, 120_000);
