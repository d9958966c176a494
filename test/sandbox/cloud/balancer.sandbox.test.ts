import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sandboxMetrics } from '../../../sandbox/adapters/metrics.ts';
import { sandboxTraffic } from '../../../sandbox/adapters/traffic.ts';
import { startTraffic } from '../../../sandbox/traffic/client.ts';
import type { Sandbox } from '../../../sandbox/client.ts';
import { authStack, temporarySandbox, type TestStack } from './stack.ts';

let sandbox: Sandbox;
let stack: TestStack;
beforeAll(async () => {
  sandbox = await temporarySandbox();
  stack = await authStack(sandbox);
  const [v1, v2] = [await stack.definition('v1.0.0'), await stack.definition('v2.0.0')];
  await Promise.all([stack.service('blue', v1), stack.service('green', v2)]);
});
afterAll(() => sandbox.close());

const visits = [
  { method: 'GET' as const, path: '/auth/session', weight: 9 },
  { method: 'POST' as const, path: '/auth/session', body: '{"user":"a"}', weight: 1 },
];

test('three hundred changes of weights under load, and not one request fails', async () => {
  const run = startTraffic({ url: stack.url, rate: 600, seed: 5, visits });
  for (let i = 0; i < 300; i += 1) {
    await stack.weights(i % 3 === 0 ? 0 : 95, i % 3 === 1 ? 0 : 5);
    await delay(8);
  }
  const summary = await run.stop();
  expect(summary.failures).toEqual([]);
  expect(summary).toMatchObject({ failed: 0, shed: 0 });
  expect(summary.sent).toBeGreaterThan(1_000);
  expect(Object.keys(summary.versions).sort()).toEqual(['1.0.0', '2.0.0']);
});

test('weights that were written are read back; at 95/5 every twentieth request goes to the new version', async () => {
  await stack.weights(95, 5);
  const [rule] = await sandboxTraffic(sandbox).read([stack.rule.id]);
  expect(rule?.weights).toEqual({ [stack.blue.id]: 95, [stack.green.id]: 5 });
  const versions: string[] = [];
  for (let i = 0; i < 40; i += 1) {
    const response = await fetch(`${stack.url}/auth/session`);
    versions.push(response.headers.get('x-version') ?? '');
    await response.text();
  }
  expect(versions.filter((v) => v === '2.0.0')).toHaveLength(2);
});

test('a slot without traffic is reached through its preview rule, and that is no user traffic', async () => {
  await stack.weights(100, 0);
  const counts = async () =>
    (await sandbox.status()).targetGroups.find((g) => g.arn === stack.green.id) ?? {
      requests: -1,
      previewRequests: -1,
    };
  const before = await counts();
  const probe = await fetch(`${stack.url}/auth/health`, { headers: { 'x-preview': 'green' } });
  expect(await probe.json()).toMatchObject({ status: 'healthy', version: '2.0.0' });
  const plain = await fetch(`${stack.url}/auth/health`);
  expect(await plain.json()).toMatchObject({ version: '1.0.0' });
  const after = await counts();
  expect(after.requests).toBe(before.requests);
  expect(after.previewRequests).toBe(before.previewRequests + 1);
});

test('windows count both versions side by side; hidden counts are missing, not zero', async () => {
  await stack.weights(50, 50);
  const since = Date.now();
  for (let i = 0; i < 20; i += 1) await (await fetch(`${stack.url}/auth/session`)).text();
  await delay(1_100);
  const query = {
    services: { auth: { fresh: stack.green.id, stable: stack.blue.id, slowerThanMs: 5_000 } },
    since: Math.floor(since / 1_000) * 1_000,
    widthMs: 1_000,
  };
  const metrics = sandboxMetrics(sandbox);
  const sum = (side: 'fresh' | 'stable', windows: Awaited<ReturnType<typeof metrics.windows>>): number =>
    windows.reduce((total, w) => total + w[side].requests, 0);
  const windows = await metrics.windows(query);
  expect(sum('fresh', windows)).toBeGreaterThanOrEqual(10);
  expect(sum('stable', windows)).toBeGreaterThanOrEqual(10);
  expect(windows.every((w) => w.seen.fresh && w.seen.stable && w.fresh.slow === 0)).toBe(true);
  const { id } = await sandbox.call<{ id: number }>('POST', '/faults', {
    kind: 'lostMetrics',
    targetGroup: stack.green.id,
  });
  const lost = await metrics.windows(query);
  expect(lost.every((w) => !w.seen.fresh && w.fresh.requests === 0 && w.seen.stable)).toBe(true);
  await sandbox.call('DELETE', `/faults/${id}`);
});

test('a process that dies is started again, and reads are answered again by themselves', async () => {
  await stack.weights(100, 0);
  const { services } = await sandbox.status();
  const blue = services.find((s) => s.arn.includes('auth-blue'));
  for (const pid of blue?.pids ?? []) process.kill(pid, 'SIGKILL');
  // The service starts it again, as ECS would.
  const deadline = Date.now() + 10_000;
  let status = 0;
  while (status !== 200 && Date.now() < deadline) {
    const answer = await fetch(`${stack.url}/auth/session`);
    await answer.text();
    ({ status } = answer);
    await delay(50);
  }
  expect(status).toBe(200);
});
