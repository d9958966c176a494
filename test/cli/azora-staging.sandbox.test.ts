import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDemoWorld, release, type DemoWorld } from '../../cli/demo/world.ts';
import type { Session } from '../../cli/session/open.ts';
import { parseRecord } from '../../release/core/records/parse.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import type { Outcome } from '../../release/runner.ts';

/** Azora's staging: one direct update a deployment, through the same engine, with a record of each. In order. */
let directory: string;
let world: DemoWorld;
let session: Session;

const deploy = async (version: string, fault?: string): Promise<[Outcome, DeploymentRecord]> => {
  session = await world.session(version, { bakes: [], fault, values: { 'sluice:version': version } });
  const outcome = await release(session, version, 'push to main');
  const path = join(directory, 'records', 'staging', `${outcome.deployment}.json`);
  return [outcome, parseRecord(readFileSync(path, 'utf8'), path)];
};

/** What the staging document shows in its record. */
const FIELDS = `timestamp deployment_id environment status git_sha git_ref services_deployed health_checks
  rollback_available`.split(/\s+/);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-azora-staging-'));
  world = await openDemoWorld('staging', directory);
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a deployment to staging: migrations, services, health of each, smoke tests, record with every field', async () => {
  const [outcome, record] = await deploy('v1.0.0');
  expect(outcome).toMatchObject({ result: 'success', exit: 0 });
  for (const field of FIELDS) expect(record, field).toHaveProperty(field);
  expect(record).toMatchObject({ environment: 'staging', status: 'success' });
  expect(record.services_deployed).toEqual([
    'api-gateway',
    'auth-service',
    'education-service',
    'marketplace-service',
  ]);
  expect(record.smoke_tests.filter((t) => t.passed).map((t) => t.name)).toEqual(
    expect.arrayContaining(['API gateway', 'auth service', 'education service', 'marketplace service']),
  );
});

test('a version that fails its smoke tests is taken back by itself, and has a record of its own', async () => {
  await delay(1_100);
  const [outcome, record] = await deploy('v2.0.0', 'smoke-fails');
  expect(outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
  expect(record).toMatchObject({ version: 'v2.0.0', status: 'rolled_back', live: { version: 'v1.0.0' } });
  expect(record.failure?.why).toContain('critical endpoint');
  expect(record.rollback).toMatchObject({ verified: true });
  const { url } = await session.outputs();
  expect(await (await fetch(`${url}/api/health`)).json()).toMatchObject({ version: '1.0.0' });
});
