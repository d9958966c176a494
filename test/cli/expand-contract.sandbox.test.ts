import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findExample } from '../../cli/demo/example.ts';
import { openDemoWorld, type DemoWorld } from '../../cli/demo/world.ts';
import { requestOf } from '../../cli/run-release.ts';
import type { Session } from '../../cli/session/open.ts';
import { runRollback, type Outcome } from '../../release/runner.ts';
import { promoted } from '../support/promoted.ts';

/** Two services on one table, whose column is split in three releases: each is taken back once. In order. */
let directory: string;
let world: DemoWorld;
let session: Session;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-expand-'));
  world = await openDemoWorld('production', directory, await findExample('expand-contract'));
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});
// A deployment's id has the second in it: no person starts two in one.
beforeEach(() => delay(1_100));

/** Nobody is here to be compared: one stage for all. */
const AT_ONCE = { stages: [{ name: 'full', traffic: '100 %', bake: '1 second' }] };

const bring = async (version: string, over: object = {}): Promise<Outcome> => {
  const brought = await promoted(world, version, { ...AT_ONCE, ...over });
  expect(brought.outcome).toMatchObject({ result: 'success' });
  session = brought.session;
  return brought.outcome;
};

/** What users are answered while something goes on. */
const watching = async <T>(work: Promise<T>): Promise<{ done: T; closed: string[]; open: number }> => {
  const seen = { closed: [] as string[], open: 0 };
  const over = new AbortController();
  const done = work.finally(() => over.abort());
  while (!over.signal.aborted) {
    const { status, text } = await ask('/orders/customers');
    if (status === 503) seen.closed.push(text);
    else if (status === 200) seen.open += 1;
    await delay(20);
  }
  return { done: await done, ...seen };
};

const back = async (
  change: { to?: string; override?: boolean; revertMigrations?: boolean } = {},
): Promise<Outcome> => {
  const outputs = await session.outputs();
  const intent = { version: 'v0.0.0', reason: 'failed deployment' };
  const request = await requestOf(session, session.run(outputs, 'unnamed'), intent);
  const rollback = { mode: 'standard' as const, override: false, restoreDatabase: false, ...change };
  return runRollback(session.run(outputs, request.deployment), { ...request, rollback });
};

const ask = async (path: string, init?: RequestInit): Promise<{ status: number; text: string }> => {
  const { url } = await session.outputs();
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, text: await response.text() };
};
const save = async (first: string): Promise<void> => {
  const body = JSON.stringify({ first, last: 'Lovelace' });
  expect(await ask('/orders/customers', { method: 'POST', body })).toMatchObject({ status: 201 });
};
/** Every name is there for both services. */
const sees = async (version: string, ...names: readonly string[]): Promise<void> => {
  const health = await ask('/orders/health');
  expect(health.text).toContain(`"version":"${version.replace('v', '')}"`);
  const seen = [await ask('/orders/customers'), await ask('/billing/invoices')];
  for (const { status, text } of seen) {
    expect(status).toBe(200);
    for (const name of names) expect(text).toContain(`${name} Lovelace`);
  }
};

test('expand: version 2 beside version 1, and back to version 1 without losing what version 2 wrote', async () => {
  await bring('v1.0.0');
  await bring('v2.0.0');
  await save('Ada');
  expect(await back()).toMatchObject({ result: 'success' });
  await save('Byron');
  await sees('v1.0.0', 'Ada', 'Byron');
});

test('switch: version 3 knows the new columns only, and version 2 still sees what it wrote', async () => {
  await bring('v3.0.0');
  await sees('v3.0.0', 'Ada', 'Byron');
  await save('Clara');
  expect(await back({ to: 'v2.0.0' })).toMatchObject({ result: 'success' });
  await sees('v2.0.0', 'Ada', 'Byron', 'Clara');
});

test('contract: the old column is gone; back to version 3 is refused until a person says so, and then works', async () => {
  // Forth again, to a slot that is still warm.
  expect(await back({ to: 'v3.0.0' })).toMatchObject({ result: 'success' });
  // The step that no earlier version can live with: users are kept out of it.
  const { done, closed, open } = await watching(
    bring('v4.0.0', { database: { migrations: { maintenance: true } } }),
  );
  expect(closed.length).toBeGreaterThan(0);
  expect(closed[0]).toMatch(/http-equiv=refresh content=60>.*back in a few minutes/);
  expect(open).toBeGreaterThan(0);
  expect(done.state.closed?.to).toBeGreaterThan(done.state.closed?.from ?? Infinity);
  await save('Dora');
  const refused = await back();
  expect(refused).toMatchObject({ result: 'refused', exit: 3 });
  expect(refused.why).toMatch(/took data away that v3\.0\.0 needs \(.*drops a column/);
  expect(refused.hint).toMatch(/^add --revert-migrations .* or --restore-database, or --override/);
  await sees('v4.0.0', 'Dora');
  await delay(1_100);
  expect(await back({ override: true })).toMatchObject({ result: 'success' });
  await sees('v3.0.0', 'Ada', 'Byron', 'Clara', 'Dora');
});

test('undone: back to before the contract; users are kept out meanwhile, and the old column is filled again', async () => {
  expect(await back({ to: 'v4.0.0' })).toMatchObject({ result: 'success' });
  await delay(1_100);
  const { done, closed } = await watching(back({ revertMigrations: true }));
  expect(done).toMatchObject({ result: 'success' });
  expect(done.state.undone).toMatchObject({ undone: ['20260601080000'] });
  expect(closed.length).toBeGreaterThan(0);
  await save('Emmy');
  await sees('v3.0.0', 'Ada', 'Byron', 'Clara', 'Dora', 'Emmy');
  const client = new Client({ connectionString: world.database });
  await client.connect();
  const { rows } = await client.query("select name from customers where last_name = 'Lovelace' order by id");
  await client.end();
  expect(rows.map(({ name }) => String(name))).toEqual(
    ['Ada', 'Byron', 'Clara', 'Dora', 'Emmy'].map((first) => `${first} Lovelace`),
  );
  // Version 2 cannot live without that column: what was undone is in nobody's way any more.
  expect(await back({ to: 'v2.0.0' })).toMatchObject({ result: 'success' });
  await sees('v2.0.0', 'Dora', 'Emmy');
});
