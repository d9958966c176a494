import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findExample } from '../../cli/demo/example.ts';
import { usersOf } from '../../cli/demo/users.ts';
import { openDemoWorld, release, type DemoWorld } from '../../cli/demo/world.ts';
import { deploymentId } from '../../lib/ids.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import { runMaintenance, type Outcome } from '../../release/runner.ts';
import { startTraffic } from '../../sandbox/traffic/client.ts';
import { promoted } from '../support/promoted.ts';

/** Azora in production on a host with two slots, its releases walked through by the engine. In order. */
let world: DemoWorld;
const directory = mkdtempSync(join(tmpdir(), 'sluice-hosts-staged-'));

beforeAll(async () => {
  world = await openDemoWorld('production', directory, await findExample('azora-hosts'));
  const { outcome } = await promoted(world, 'v1.0.0');
  expect(outcome).toMatchObject({ result: 'success' });
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

const recordOf = ({ deployment }: Outcome): DeploymentRecord =>
  JSON.parse(
    readFileSync(join(directory, 'records', 'production', `${deployment}.json`), 'utf8'),
  ) as DeploymentRecord;

/** Releases version 2 while users come. */
const underTraffic = async (bakes: readonly string[], fault?: string) => {
  const session = await world.session('v2.0.0', { bakes, fault });
  const { app } = session.config;
  const users = usersOf(world.example, app, (await session.outputs()).url, world.sandbox);
  const traffic = startTraffic({ ...users, rate: 150, seed: 1 });
  const outcome = await release(session, 'v2.0.0', 'as planned');
  return { outcome, record: recordOf(outcome), traffic: await traffic.stop(), session };
};

test('a canary that becomes unhealthy once users come is taken back by its probes; version 1 serves on', async () => {
  const { outcome, record, traffic } = await underTraffic(['8 seconds'], 'exhausted');
  expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
  const [canary, ...others] = record.rollout_stages;
  expect(canary).toMatchObject({ stage: 'canary', status: 'failed' });
  expect(others).toEqual([]);
  expect(canary?.verdicts.at(-1)).toMatchObject({ verdict: 'fail', by: 'health' });
  expect(record).toMatchObject({ status: 'rolled_back', live: { version: 'v1.0.0' } });
  expect(record.rollback).toMatchObject({ mode: 'automatic', verified: true });
  // No more than the canary's share ever met it.
  expect(traffic.versions['2.0.0'] ?? 0).toBeLessThan(0.2 * traffic.answered);
  expect(traffic.failed).toBe(0);
});

test('a healthy version takes 5, 50 and 100 % of nginx’s requests and nobody fails; the record has each stage', async () => {
  const { outcome, record, traffic, session } = await underTraffic(['1 second']);
  expect(outcome).toMatchObject({ result: 'success' });
  expect(record.rollout_stages.map((s) => [s.stage, s.status, s.weights?.['api-gateway']])).toEqual([
    ['canary', 'healthy', { blue: 95, green: 5 }],
    ['progressive', 'healthy', { blue: 50, green: 50 }],
    ['full', 'healthy', { green: 100 }],
  ]);
  expect(record.smoke_tests.every((t) => t.passed)).toBe(true);
  expect(traffic.failed).toBe(0);
  expect(Object.keys(traffic.versions).toSorted()).toEqual(['1.0.0', '2.0.0']);
  const { url } = await session.outputs();
  expect((await fetch(`${url}/api/education/courses`)).headers.get('x-version')).toBe('2.0.0');
});

test('closed by a person: users are told when to come again, nothing else changes, and they are let in again', async () => {
  const session = await world.session('v2.0.0', { bakes: [] });
  const outputs = await session.outputs();
  const turn = (closed: boolean, second: number) => {
    const deployment = deploymentId(session.clock.now() + second * 1_000, 'abcdefabcdef');
    const reason = 'restore of the database';
    return runMaintenance(session.run(outputs, deployment), { deployment, closed, by: 'ada', reason });
  };
  const closed = await turn(true, 0);
  expect(closed).toMatchObject({ closed: true, changed: true });
  const seen = await fetch(`${outputs.url}/api/status`);
  expect([seen.status, seen.headers.get('retry-after')]).toEqual([503, '60']);
  expect(await seen.text()).toContain('back in a few minutes');
  expect(await turn(true, 1)).toMatchObject({ changed: false });
  expect((await session.outputs()).release).toMatchObject({
    maintenance: { by: 'person' },
    traffic: { green: 100 },
  });
  await turn(false, 2);
  expect((await fetch(`${outputs.url}/api/status`)).status).toBe(200);
  const kept = await session.objects(outputs).record.get(closed.record ?? '');
  expect(JSON.parse(kept?.body ?? '')).toMatchObject({
    closed: true,
    by: 'ada',
    reason: 'restore of the database',
  });
});
