import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readVerifyInput, verify, type VerifyInput } from '../../../cli/tasks/verify.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-verify-'));
let server: Server;
let url = '';
let answers: Record<string, (() => [number, string])[]> = {};
let lines: string[] = [];
let slept: number[] = [];

const ports = {
  clock: {
    now: () => 0,
    sleep: async (ms: number, signal?: AbortSignal) => {
      slept.push(ms);
      // The limit of time of the whole task never comes.
      if (ms >= 60_000)
        return new Promise<void>((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('over'))),
        );
      return Promise.resolve();
    },
  },
  signal: new AbortController().signal,
  env: {},
  log: (line: string) => void lines.push(line),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const queue = answers[request.url ?? ''] ?? [];
    const [status, body] = (queue.length > 1 ? queue.shift() : queue[0])?.() ?? [404, ''];
    response.writeHead(request.headers['x-token'] === 'precious-token' ? status : 403).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  lines = [];
  slept = [];
});

const healthy = (version: string) => (): [number, string] => [
  200,
  JSON.stringify({ status: 'healthy', version }),
];
const input = (services: Record<string, boolean>): VerifyInput => ({
  deployment: '1700000000-abcdef',
  directory,
  timeout: 60_000,
  targets: Object.entries(services).map(([service, critical]) => ({
    service,
    url: `${url}/${service}`,
    critical,
    version: 'v2.0.0',
    headers: { 'x-token': 'precious-token' },
  })),
  interval: 5_000,
  probeTimeout: 2_000,
  startDelay: 10_000,
  retries: 4,
});

it('waits, asks again at the interval, and takes 2.0.0 for v2.0.0', async () => {
  answers = { '/api': [() => [503, ''], healthy('1.9.0'), healthy('2.0.0')], '/auth': [healthy('v2.0.0')] };
  expect(await verify(input({ api: true, auth: true }), ports)).toEqual({
    healthy: ['api', 'auth'],
    unhealthy: [],
  });
  expect(slept.filter((ms) => ms < 60_000)).toEqual([10_000, 5_000, 5_000]);
  expect(lines.map((l) => l.replace(/, \d+ ms\)/, ')'))).toEqual([
    'api: answered 503 (try 1 of 4)',
    'auth: healthy, version v2.0.0 (try 1 of 4)',
    'api: answers version 1.9.0, expected 2.0.0 (try 2 of 4)',
    'api: healthy, version 2.0.0 (try 3 of 4)',
  ]);
});

it('fails for a critical service and names its last answer; lets a service pass that is not critical', async () => {
  answers = { '/api': [healthy('1.0.0')], '/mail': [() => [500, '']] };
  await expect(verify(input({ api: true, mail: false }), ports)).rejects.toMatchObject({
    exit: 5,
    message:
      '1 of 2 services did not become healthy in 4 tries; traffic was not moved\n  api: answers version 1.0.0, expected 2.0.0',
  });
  answers['/api'] = [healthy('2.0.0')];
  expect(await verify(input({ api: true, mail: false }), ports)).toEqual({
    healthy: ['api'],
    unhealthy: ['mail'],
  });
  expect(lines.join('\n')).not.toContain('precious-token');
});

it('says at once everything that is missing or wrong in its environment, without repeating a token', () => {
  expect(() => readVerifyInput({ SLUICE_HEALTH_RETRIES: '0', SLUICE_HEALTH_INTERVAL: '5 s' })).toThrow(
    /SLUICE_HEALTH_TARGETS: is missing[\s\S]*SLUICE_DEPLOYMENT: is missing[\s\S]*SLUICE_HEALTH_INTERVAL: is no whole number[\s\S]*SLUICE_HEALTH_RETRIES/,
  );
  const targets = JSON.stringify([
    { service: 'api', url: 'ftp://x', critical: true, version: null, headers: { t: 'precious-token' } },
  ]);
  const read = () =>
    readVerifyInput({ SLUICE_HEALTH_TARGETS: targets, SLUICE_DEPLOYMENT: '1700000000-abcdef' });
  expect(read).toThrow(/SLUICE_HEALTH_TARGETS: 0\.url/);
  expect(read).not.toThrow(/precious-token/);
});
