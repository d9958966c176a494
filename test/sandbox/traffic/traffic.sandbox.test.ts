import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startTraffic, type Second } from '../../../sandbox/traffic/client.ts';
import { setTimeout as delay } from 'node:timers/promises';

const server = createServer();
afterEach(() => {
  server.removeAllListeners('request');
});
const listen = async (): Promise<string> => {
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('two thousand requests a second arrive, and every one is answered and counted by version', async () => {
  let asked = 0;
  server.on('request', (request, response) => {
    asked += 1;
    request.resume();
    response
      .writeHead(200, { 'x-version': asked % 10 === 0 ? '2.0.0' : '1.0.0', 'content-length': 2 })
      .end('ok');
  });
  const seconds: Second[] = [];
  const run = startTraffic({
    url: await listen(),
    rate: 2_000,
    seed: 1,
    rampMs: 0,
    onSecond: (s) => seconds.push(s),
  });
  while (seconds.length < 2) await delay(20);
  const summary = await run.stop();
  expect(summary).toMatchObject({ failed: 0, shed: 0, failures: [] });
  expect(summary.sent).toBe(asked);
  expect(summary.answered).toBe(asked);
  expect(summary.rate).toBeGreaterThan(1_900);
  expect((summary.versions['2.0.0'] ?? 0) / asked).toBeCloseTo(0.1, 2);
});

test('failures are kept with when, where and why; slow answers do not slow the sending', async () => {
  server.on('request', (request, response) => {
    if (request.url === '/broken') request.socket.destroy();
    else if (request.url === '/error') response.writeHead(500, { 'x-version': '2.0.0' }).end();
    else setTimeout(() => response.end(), 300);
  });
  const visits = ['/broken', '/error', '/slow'].map((path) => ({ method: 'GET' as const, path, weight: 1 }));
  const run = startTraffic({ url: await listen(), rate: 200, visits, rampMs: 0 });
  await delay(1_500);
  const summary = await run.stop();
  expect(summary.rate).toBeGreaterThan(180);
  expect(summary.failed).toBe((summary.byStatus['0'] ?? 0) + (summary.byStatus['500'] ?? 0));
  expect(summary.failures).toHaveLength(20);
  expect(summary.failures.find((f) => f.path === '/error')).toMatchObject({ status: 500, version: '2.0.0' });
  expect(summary.failures.find((f) => f.path === '/broken')).toMatchObject({ status: 0, method: 'GET' });
  expect(summary.p99).toBeGreaterThan(290);
});
