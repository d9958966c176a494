import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prometheusMetrics } from '../../../../release/adapters/prometheus/metrics.ts';
import { queryRange } from '../../../../release/adapters/prometheus/range.ts';
import { systemClock } from '../../../../lib/clock.ts';
import { freePort } from '../../../../sandbox/cloud/free-port.ts';
import { metricsContract, type Served } from '../../../support/contracts/metrics.ts';
import { startServer, type ServerProcess } from '../../../support/server-process.ts';
import { findPrometheus } from '../../../support/tools.ts';

const WIDTH_MS = 2_000;
const EDGES = [0.1, 0.5, 1, Infinity];
type Slot = 'blue' | 'green';

/** An application's `/metrics`, one for both slots: counters by slot and code, and a histogram. */
class Exporter {
  readonly #counts = new Map<string, number>();
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end([...this.#counts].map(([name, value]) => `${name} ${value}\n`).join(''));
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    this.#server = server;
    // As client libraries do it: a series that was never counted up is not there at all.
    this.#add('http_requests_total{slot="blue",code="200"}', 0);
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((closed) => this.#server?.close(closed));
  }
  #add(name: string, by: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }
  serve(slot: Slot, { requests, errors }: Served, seconds: number): void {
    const counts = { 200: requests - errors, 500: errors };
    for (const [code, n] of Object.entries(counts))
      if (n > 0) this.#add(`http_requests_total{slot="${slot}",code="${code}"}`, n);
    for (const edge of EDGES) {
      const le = edge === Infinity ? '+Inf' : String(edge);
      this.#add(
        `http_request_duration_seconds_bucket{slot="${slot}",le="${le}"}`,
        seconds <= edge ? requests : 0,
      );
    }
  }
}

const exporter = new Exporter();
const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
let prometheus: ServerProcess;
let url: string;

beforeAll(async () => {
  const target = await exporter.start();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs: [{job_name: app, static_configs: [{targets: ["${target}"]}]}]\n`,
  );
  const port = await freePort();
  prometheus = await startServer(
    findPrometheus() ?? 'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    /(Server is ready)/,
  );
  url = `http://127.0.0.1:${port}`;
  // A Prometheus takes some seconds to find its first target; from then on it has seen the application.
  while (!(await isScraped())) await delay(100);
});
afterAll(async () => {
  await prometheus.stop();
  await exporter.stop();
  rmSync(folder, { recursive: true, force: true });
});

const isScraped = async (): Promise<boolean> => {
  const now = Date.now();
  return (await queryRange({ url }, 'http_requests_total', now, now, 1_000)).length > 0;
};

const source = (change: Partial<Parameters<typeof prometheusMetrics>[0]> = {}) =>
  prometheusMetrics({
    url,
    clock: systemClock,
    lateMs: 500,
    namesOf: (targetGroup) => ({ slot: targetGroup.split('/')[1] ?? '' }),
    templates: {
      requests: 'http_requests_total{slot="$slot"}',
      errors: 'http_requests_total{slot="$slot",code=~"5.."}',
      latency: 'http_request_duration_seconds_bucket{slot="$slot"}',
      alive: 'up{job="app"} and on() http_requests_total{slot="$slot"}',
    },
    ...change,
  });

/** Waits until the next window begins, so that all that follows lies in known ones. */
const nextWindow = async (): Promise<number> => {
  const from = Math.ceil((Date.now() + 1) / WIDTH_MS) * WIDTH_MS;
  await delay(from - Date.now() + 50);
  return from;
};

metricsContract('a real Prometheus', () =>
  Promise.resolve({
    source: source(),
    widthMs: WIDTH_MS,
    fresh: 'group/green',
    stable: 'group/blue',
    unknown: 'group/other',
    serve: async (fresh, stable) => {
      const from = await nextWindow();
      exporter.serve('green', fresh, 0.05);
      exporter.serve('blue', stable, 0.05);
      await delay(from + 2 * WIDTH_MS + 700 - Date.now());
      return { from, to: from + 2 * WIDTH_MS };
    },
    close: () => Promise.resolve(),
  }),
);

it('slow requests are counted at an edge of the histogram, quantiles are given in ms', async () => {
  const from = await nextWindow();
  exporter.serve('green', { requests: 15, errors: 0 }, 0.05);
  exporter.serve('green', { requests: 5, errors: 0 }, 0.7);
  await delay(from + WIDTH_MS + 700 - Date.now());
  const services = { auth: { fresh: 'group/green', stable: undefined, slowerThanMs: 300 } };
  const [window] = await source().windows({ services, since: from, widthMs: WIDTH_MS });
  expect(window?.fresh).toMatchObject({ requests: 20, errors: 0, slow: 5 });
  expect(window?.fresh.p50).toBeLessThan(100);
  expect(window?.fresh.p95).toBeGreaterThan(500);
});

it('a query that Prometheus does not understand is bad input, with the query', async () => {
  const templates = { requests: 'http_requests_total{slot="$slot"', errors: 'x' };
  const services = { auth: { fresh: 'group/green', stable: undefined, slowerThanMs: undefined } };
  const query = { services, since: Date.now() - 10_000, widthMs: WIDTH_MS };
  await expect(source({ templates }).windows(query)).rejects.toMatchObject({
    exit: 2,
    message: expect.stringContaining('http_requests_total{slot="green"'),
  });
});
