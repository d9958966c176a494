import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { leaseStore } from '../../release/adapters/lease.ts';
import { s3Objects } from '../../release/adapters/objects.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import type { RunOptions } from '../../release/runner.ts';
import { startS3, type S3 } from '../../sandbox/cloud/s3/index.ts';
import { systemClock } from '../../lib/clock.ts';
import { World } from '../support/world.ts';

/** The lease and the journals in a real bucket, over HTTP; everything else of the world in memory. */
const TRIES = 100;
const directory = mkdtempSync(join(tmpdir(), 'sluice-two-'));
let s3: S3;
let bucket: ObjectStore;
beforeAll(async () => {
  s3 = await startS3({ directory, now: () => Date.now() });
  s3.createBucket('azora-lease');
  const keys = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'eu-central-1' };
  bucket = s3Objects('azora-lease', s3Client({ ...keys, AWS_ENDPOINT_URL_S3: s3.endpoint }));
});
afterAll(async () => {
  await s3.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A corner of the bucket for one try. */
const below = (objects: ObjectStore, prefix: string): ObjectStore => ({
  get: (key) => objects.get(`${prefix}${key}`),
  put: (key, body, ifMatch) => objects.put(`${prefix}${key}`, body, ifMatch),
  list: async (start) => (await objects.list(`${prefix}${start}`)).map((key) => key.slice(prefix.length)),
  delete: (key) => objects.delete(`${prefix}${key}`),
});

it(`two deploys at the same instant, ${TRIES} times: exactly one goes on`, async () => {
  const world = await new World().withV1();
  const { lease: memory } = world.stores;
  let winners = 0;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const lease = below(bucket, `try-${attempt}/`);
    const begun: string[] = [];
    const run = async (version: string) => {
      const { ports } = world.options();
      const options: Partial<RunOptions> = {
        // Real time: what is compared must not end while an answer is on its way.
        clock: systemClock,
        ports: { ...ports, objects: { ...ports.objects, lease } },
        // The winner stops here and keeps the environment for its next job.
        until: { phase: 'backup' },
        pollMs: 20,
        hooks: {
          before: ({ kind }) => {
            if (kind === 'update') begun.push(version);
          },
        },
      };
      // Never in step: each of them is sometimes first, at every distance from the other.
      if (version === 'v2.0.0') await delay((attempt % 10) / 2);
      return world.deploy(version, options, { by: version });
    };
    const outcomes = await Promise.all([run('v2.0.0'), run('v3.0.0')]);
    expect(outcomes.map((o) => o.result).sort(), `try ${attempt}`).toEqual(['handedOn', 'refused']);
    const [winner] = outcomes.filter((o) => o.result === 'handedOn');
    const [loser] = outcomes.filter((o) => o.result === 'refused');
    expect(loser?.exit).toBe(3);
    expect(loser?.why).toMatch(/holds production|is under way/);
    expect(begun, `try ${attempt}`).toEqual([winner?.state.request.version]);
    const held = await leaseStore(lease, 'production', systemClock).read();
    expect(held?.deployment, `try ${attempt}`).toBe(winner?.deployment);
    if (winner?.state.request.version === 'v2.0.0') winners += 1;
  }
  expect(world.cloud.broken).toEqual([]);
  expect([...memory.objects.keys()].filter((k) => k.startsWith('open/'))).toEqual([]);
  // Both of them won sometimes: they did meet.
  expect(winners).toBeGreaterThan(0);
  expect(winners).toBeLessThan(TRIES);
});
