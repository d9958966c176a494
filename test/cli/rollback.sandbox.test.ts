import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDemoWorld, type DemoWorld } from '../../cli/demo/world.ts';
import { requestOf } from '../../cli/run-release.ts';
import type { Session } from '../../cli/session/open.ts';
import { parseRecord } from '../../release/core/records/parse.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import { readLive } from '../../release/runner/effects/live.ts';
import { runRollback, type Outcome } from '../../release/runner.ts';
import { commandLine, jsonLines, type Told } from '../support/command-line.ts';
import { attach, promoted } from '../support/promoted.ts';
import { allOn } from '../support/scenario.ts';

/** Version 1 and version 2 ended well; then a person goes back. One cloud, in the order below. */
let directory: string;
let world: DemoWorld;
let session: Session;
let first: Outcome;
let second: Outcome;

let detach: () => void;

const bring = async (version: string): Promise<Outcome> => {
  const brought = await promoted(world, version);
  expect(brought.outcome).toMatchObject({ result: 'success', exit: 0 });
  session = brought.session;
  return brought.outcome;
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-rollback-'));
  world = await openDemoWorld('production', directory);
  detach = attach(world);
  first = await bring('v1.0.0');
  second = await bring('v2.0.0');
}, 120_000);
afterAll(async () => {
  detach();
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

// A deployment's id has the second in it: no person starts two in one.
beforeEach(() => delay(1_100));

const rollback = (...args: string[]): Promise<Told> =>
  commandLine(['rollback', '--reason', 'service outage', '--directory', directory, ...args]);

const live = async () => {
  const outputs = await session.outputs();
  return readLive(session.run(outputs, 'unnamed').ports.traffic, outputs.routing);
};

/** Runs a rollback that must do what it was asked for, and reads its record. */
const rolledBack = async (...args: string[]): Promise<DeploymentRecord> => {
  const { code, out, err } = await rollback('--json', ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const outcome = jsonLines(out).findLast((l) => l['type'] === 'outcome');
  expect(outcome).toMatchObject({ result: 'success', exit: 0 });
  const path = join(directory, 'records', 'production', `${String(outcome?.['deployment'])}.json`);
  const record = parseRecord(readFileSync(path, 'utf8'), path);
  expect(record).toMatchObject({ kind: 'rollback', status: 'success' });
  expect(record.rollback).toMatchObject({ why: 'service outage', verified: true });
  return record;
};

const query = async (name: string | undefined, text: string): Promise<unknown[]> => {
  const url = new URL(world.database);
  if (name !== undefined) url.pathname = `/${name}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};
const LEVEL = `select 1 as there from information_schema.columns where table_name = 'courses' and column_name = 'level'`;

test('after the window: refused with the deadline and the way out, and nothing moves', async () => {
  const outputs = await session.outputs();
  const options = session.run(outputs, 'unnamed');
  const HOURS = 2 * 3_600_000;
  const clock = { ...session.clock, now: () => session.clock.now() + HOURS };
  const request = await requestOf(session, options, { version: 'v2.0.0', reason: 'service outage' });
  const asked = {
    ...request,
    rollback: { mode: 'standard', override: false, restoreDatabase: false },
  } as const;
  const outcome = await runRollback({ ...session.run(outputs, request.deployment), clock }, asked);
  expect(outcome).toMatchObject({ result: 'refused', exit: 3 });
  expect(outcome.why).toContain('the rollback window of v2.0.0 ended at');
  expect(outcome.hint).toContain('--override');
  expect(await live()).toEqual(allOn('green'));
  expect((await session.outputs()).release).toEqual(outputs.release);
});

test('to what is no deployment: refused with those that there are', async () => {
  const { code, out } = await rollback('--to', '1700000000-0123456789ab');
  expect(code).toBe(3);
  expect(out).toContain('refused: no deployment that ended well is named 1700000000-0123456789ab');
  expect(out).toContain(first.deployment);
  expect(await live()).toEqual(allOn('green'));
});

test('inside the window: version 1 has all traffic, exit 0, and the database stays as it is', async () => {
  const record = await rolledBack();
  expect(record.version).toBe('v1.0.0');
  expect(record.live?.version).toBe('v1.0.0');
  expect(record.rollback?.weights_restored_ms).toBeLessThan(1_000);
  expect(await live()).toEqual(allOn('blue'));
  expect((await session.outputs()).release?.traffic).toEqual({ blue: 100, green: 0 });
  expect(await query(undefined, LEVEL)).toHaveLength(1);
});

test('--to an earlier deployment that ended well', async () => {
  const record = await rolledBack('--to', second.deployment);
  expect(record.version).toBe('v2.0.0');
  expect(await live()).toEqual(allOn('green'));
});

test('--restore-database: as it was before the release; what was there is kept under another name', async () => {
  await query(undefined, `create table written_since as select 'by a user' as what`);
  const [{ name } = { name: '' }] = (await query(undefined, 'select current_database() as name')) as {
    name: string;
  }[];
  const record = await rolledBack('--restore-database');
  expect(record.version).toBe('v1.0.0');
  expect(await live()).toEqual(allOn('blue'));

  expect(await query(undefined, LEVEL)).toEqual([]);
  expect(await query(undefined, `select to_regclass('written_since') as is`)).toEqual([{ is: null }]);
  const names = (await query('postgres', `select datname from pg_database order by 1`)) as {
    datname: string;
  }[];
  const kept = names.map((n) => n.datname).filter((n) => n.startsWith(name) && n !== name);
  expect(kept).toHaveLength(1);
  expect(await query(kept[0], LEVEL)).toHaveLength(1);
  expect(await query(kept[0], 'select what from written_since')).toEqual([{ what: 'by a user' }]);
});
