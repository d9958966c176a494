import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Balancer } from '../../../../sandbox/cloud/balancer/balancer.ts';
import type { Action, GroupSpec } from '../../../../sandbox/cloud/balancer/types.ts';

const SPEC: GroupSpec = {
  name: 'app',
  protocol: 'HTTP',
  port: 80,
  vpcId: 'v',
  deregistrationMs: 5_000,
  healthCheck: {
    enabled: true,
    path: '/health',
    intervalMs: 250,
    timeoutMs: 1_000,
    healthyThreshold: 2,
    unhealthyThreshold: 2,
    matcher: '200',
  },
};
const TO_APP: Action = { kind: 'forward', groups: [{ arn: 'group', weight: 1 }] };

let balancer: Balancer;
let url = '';
const servers: Server[] = [];
beforeEach(async () => {
  balancer = new Balancer(1);
  balancer.createGroup('group', SPEC);
  const { address } = await balancer.createLoadBalancer('lb', 'lb');
  await balancer.createListener('listener', {
    loadBalancer: 'lb',
    port: 80,
    protocol: 'HTTP',
    action: TO_APP,
  });
  url = `http://${address}`;
});
afterEach(async () => {
  await balancer.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a target and registers it; resolves when its first health check is done. */
const target = async (handle: RequestListener, healthy = true): Promise<string> => {
  const server = createServer((request, response) => {
    if (request.url === '/health') response.writeHead(healthy ? 200 : 500).end();
    else handle(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const id = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  balancer.register('group', id);
  while (balancer.group('group')?.targets.get(id)?.state === 'initial') await delay(5);
  return id;
};
const counts = () => balancer.group('group')?.metrics.sum(0, Date.now() + 1_000);

test('a request arrives as it was sent, with who sent it; the answer comes back as it was given', async () => {
  await target((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.writeHead(201, { 'x-version': '1.0.0', 'set-cookie': ['a=1', 'b=2'] });
      response.end(
        JSON.stringify({ body, url: request.url, headers: request.headers, method: request.method }),
      );
    });
  });
  const response = await fetch(`${url}/a/b?c=d`, {
    method: 'PUT',
    body: 'hello',
    headers: { 'x-mine': '1', 'x-forwarded-for': '9.9.9.9', 'x-forwarded-proto': 'https' },
  });
  expect(response.status).toBe(201);
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.json()).toMatchObject({
    method: 'PUT',
    url: '/a/b?c=d',
    body: 'hello',
    headers: {
      host: url.slice('http://'.length),
      'x-mine': '1',
      'x-forwarded-for': '9.9.9.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
    },
  });
});

test('bodies of any method pass, chunked or not; a HEAD has the headers alone', async () => {
  await target((request, response) => {
    response.setHeader('x-method', request.method ?? '');
    response.setHeader('content-length', 5);
    request.resume();
    request.on('end', () => response.end('12345'));
  });
  const chunks = new ReadableStream({
    start: (controller) => {
      for (const part of ['a', 'b', 'c']) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
  const chunked = await fetch(url, { method: 'POST', body: chunks, duplex: 'half' });
  expect(await chunked.text()).toBe('12345');
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', '']);
  expect((await fetch(url, { method: 'DELETE' })).headers.get('x-method')).toBe('DELETE');
  const { statusCode, body } = await request(url, { method: 'GET', body: '{"query":1}' });
  expect([statusCode, await body.text()]).toEqual([200, '12345']);
});

test('a large answer passes whole, also to a slow reader', async () => {
  const large = Buffer.alloc(5_000_000, 'x');
  await target((_, response) => void response.end(large));
  const response = await fetch(url);
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size < 300_000) await delay(2);
  }
  expect(size).toBe(large.length);
});

test('a read whose target breaks is tried once more elsewhere; a write is not', async () => {
  const broken = await target((request) => request.socket.destroy());
  await target((_, response) => void response.end('fine'));
  const reads = await Promise.all([1, 2, 3, 4].map(async () => (await fetch(url)).status));
  expect(reads).toEqual([200, 200, 200, 200]);
  const writes = await Promise.all(
    [1, 2].map(async () => (await fetch(url, { method: 'POST', body: 'x' })).status),
  );
  expect(writes.sort((a, b) => a - b)).toEqual([200, 502]);
  await balancer.deregister('group', broken);
  expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(200);
  expect(counts()).toMatchObject({ requests: 7, errors: 1, connectionErrors: 1 });
});

test('an answer that breaks off breaks off for the user, too, and counts as an error', async () => {
  await target((request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setTimeout(() => request.socket.destroy(), 20);
  });
  const response = await fetch(url);
  await expect(response.text()).rejects.toThrow();
  await delay(20);
  expect(counts()).toMatchObject({ requests: 1, errors: 1 });
});

test('unhealthy targets get nothing while there are healthy ones, and everything when there are none', async () => {
  await target((_, response) => void response.end('ill'), false);
  expect(await (await fetch(url)).text()).toBe('ill');
  await target((_, response) => void response.end('well'));
  for (let i = 0; i < 4; i += 1) expect(await (await fetch(url)).text()).toBe('well');
});

test('a group without targets keeps its share as 503', async () => {
  const response = await fetch(url);
  expect(response.status).toBe(503);
  expect(counts()).toMatchObject({ requests: 1, errors: 1 });
});

test('a removed target finishes what it has begun and gets nothing new', async () => {
  const slow = await target((_, response) => void setTimeout(() => response.end('slow'), 300));
  const begun = fetch(url);
  await delay(50);
  const removed = balancer.deregister('group', slow);
  await target((_, response) => void response.end('new'));
  expect(await (await fetch(url)).text()).toBe('new');
  expect(await (await begun).text()).toBe('slow');
  await removed;
  expect(balancer.group('group')?.health()).toEqual({ healthy: 1, total: 1 });
});

test('a redirect to HTTPS leads to the address where that listener really is', async () => {
  await balancer.createListener('tls', { loadBalancer: 'lb', port: 443, protocol: 'HTTPS', action: TO_APP });
  const redirect: Action = {
    kind: 'redirect',
    status: 301,
    protocol: 'HTTPS',
    host: '#{host}',
    port: '443',
    path: '/#{path}',
    query: '#{query}',
  };
  balancer.updateListener('listener', { loadBalancer: 'lb', port: 80, protocol: 'HTTP', action: redirect });
  await target(
    (request, response) =>
      void response.end(`${request.url} ${String(request.headers['x-forwarded-proto'])}`),
  );
  const plain = `http://${balancer.listeners.get('listener')?.address ?? ''}`;
  expect(await (await fetch(`${plain}/a?b=c`)).text()).toBe('/a?b=c https');
});
