import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { findExample } from '../../cli/demo/example.ts';
import { onHosts } from '../../cli/demo/machines.ts';
import { readStackConfig } from '../../cli/session/stack-config.ts';
import { runChecks } from '../../cli/validate/check.ts';
import { tellFindings, validate } from '../../cli/validate/run.ts';
import { webChecks } from '../../cli/validate/web.ts';
import type { Printer } from '../../cli/print.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** THE_BOT's staging, at an address of this machine. */
const theBot = async (url: string, timeout = '300 ms') => {
  const { folder } = await findExample('the-bot');
  const hosts = {
    checks: { timeout },
    machines: { staging: { address: '127.0.0.1', port: 1, key: 'NO_SUCH_KEY' } },
  };
  const app = onHosts(readStackConfig('staging', { url, hosts }, { folder }).app);
  if (app === undefined) throw new Error('it runs on a host');
  return app;
};

const serve = async (
  answer: (path: string, origin: string | undefined) => [number, object, string],
): Promise<string> => {
  const server = createServer((request, response) => {
    const [status, headers, body] = answer(request.url ?? '/', request.headers.origin);
    response.writeHead(status, { ...headers }).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('all down: at least fourteen checks, each says what it expected, saw and what to do, within its stated time', async () => {
  const startedAt = performance.now();
  const app = await theBot('http://127.0.0.1:1');
  const findings = await validate(app);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(findings.length).toBeGreaterThanOrEqual(14);
  for (const f of findings.filter(({ name }) => name !== 'TLS')) {
    expect(f.status, f.name).toBe('failed');
    for (const text of [f.expected, f.seen, f.mend]) expect(text, f.name).not.toBe('');
  }
  expect(findings.find((f) => f.name === 'docker')?.seen).toBe('NO_SUCH_KEY is not set in the environment');
});

test('a server that never answers takes each check its time and no longer', async () => {
  const server = createServer(() => undefined);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const app = await theBot(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const startedAt = performance.now();
  const [health] = await runChecks(webChecks(app), app.target.checks.timeout);
  expect(health).toMatchObject({ name: 'health', status: 'failed', seen: 'no answer in time' });
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});

test('what is wrong is told by what is there instead: headers, CORS for everybody, a front page without the application', async () => {
  const url = await serve((path) => {
    if (path.startsWith('/api/'))
      return [200, { 'access-control-allow-origin': '*' }, '{"status":"healthy","database":"ok"}'];
    return [200, { 'content-type': 'text/html' }, '<h1>It works!</h1>'];
  });
  const app = await theBot(url, '2 seconds');
  const found = new Map((await runChecks(webChecks(app), 2_000)).map((f) => [f.name, f]));
  expect(found.get('health')?.status).toBe('ok');
  expect(found.get('database')?.status).toBe('ok');
  expect(found.get('front-end')).toMatchObject({
    status: 'failed',
    seen: 'answered 200, text/html, without that text',
  });
  expect(found.get('security headers')?.seen).toMatch(/^without x-content-type-options/);
  expect(found.get('CORS')).toMatchObject({ status: 'failed' });
  expect(found.get('TLS')?.status).toBe('skipped');
});

test('the exit code follows the findings, and JSON has one object a check', async () => {
  const app = await theBot('http://127.0.0.1:1');
  const lines: { type: string; data: object }[] = [];
  const nothing = (): void => undefined;
  const print: Printer = {
    json: true,
    result: (type, data) => void lines.push({ type, data }),
    event: nothing,
    live: nothing,
    settle: nothing,
  };
  const finding = { name: 'health', expected: '200', seen: '200', mend: '', tookMs: 1 };
  expect(tellFindings([{ ...finding, status: 'ok' }], app, 5, print)).toBe(0);
  expect(tellFindings([{ ...finding, status: 'failed' }], app, 5, print)).toBe(5);
  expect(lines.map((l) => l.type)).toEqual(['check', 'validation', 'check', 'validation']);
});
