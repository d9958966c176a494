import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { keepRecord } from '../../../cli/tasks/record.ts';
import { smoke, type SmokeInput } from '../../../cli/tasks/smoke.ts';
import { journalKey } from '../../../release/adapters/journal.ts';
import { recordStore } from '../../../release/adapters/records.ts';
import { directFacts, type DirectFacts } from '../../../release/core/records/direct.ts';
import type { HttpProbe } from '../../../release/ports/prober.ts';
import { D1, live } from '../../support/releases.ts';
import { MemoryObjects, testApp, TestClock } from '../../support/world.ts';

/** What a plain `pulumi up` does by its own commands: smoke tests before traffic, the record at the end. */
const directory = mkdtempSync(join(tmpdir(), 'sluice-by-itself-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let stores: { record: MemoryObjects; lease: MemoryObjects };
let lines: string[];
let asked: HttpProbe[];
beforeEach(() => {
  stores = { record: new MemoryObjects(), lease: new MemoryObjects() };
  [lines, asked] = [[], []];
});

const ports = () => ({
  clock: new TestClock(),
  signal: new AbortController().signal,
  env: { GITHUB_ACTOR: 'ada' },
  log: (line: string) => void lines.push(line),
});
const http = (status: number) => (probe: HttpProbe) => {
  asked.push(probe);
  return Promise.resolve({ ok: true as const, status, body: 'welcome', latencyMs: 3 });
};
const tests: SmokeInput['tests'] = [
  {
    name: 'front page',
    method: 'GET',
    url: 'https://azora.world/',
    headers: { 'X-Sluice-Preview': 'secret-token' },
    status: [200],
    contains: 'welcome',
    within: 5_000,
    critical: true,
  },
];
const input = (change: Partial<SmokeInput> = {}): SmokeInput => ({
  environment: 'staging',
  deployment: D1,
  directory,
  timeout: undefined,
  tests,
  retries: 1,
  interval: 10,
  onFailure: 'rollback',
  ...change,
});
const facts = (): DirectFacts => {
  const made = directFacts({ ...testApp(), environment: 'staging' }, live());
  if (made === undefined) throw new Error('nobody is served');
  return made;
};
const record = () =>
  keepRecord(
    { deployment: D1, directory, timeout: undefined, facts: facts(), backup: undefined },
    ports(),
    stores,
  );

it('the new slot is asked by its preview header, and the record has what was found, under its own key, once', async () => {
  expect(await smoke(input(), ports(), stores, http(200))).toMatchObject([
    { name: 'front page', passed: true },
  ]);
  expect(asked[0]?.headers).toEqual({ 'X-Sluice-Preview': 'secret-token' });
  await record();
  const kept = await recordStore(stores.record, 'staging').read(D1);
  expect(kept).toMatchObject({
    status: 'success',
    version: 'v1.0.0',
    triggered_by: 'ada',
    smoke_tests: [{ name: 'front page', passed: true }],
    health_checks: { smoke_tests: 'passed' },
    live: { deployment: D1, version: 'v1.0.0' },
  });
  expect(kept?.services_deployed.length).toBeGreaterThan(0);
  const before = kept?.finished_at;
  expect(await record()).toBeUndefined();
  expect((await recordStore(stores.record, 'staging').read(D1))?.finished_at).toBe(before);
});

it('a critical test that fails, tries included, ends the update before traffic moves; the token is not said', async () => {
  await expect(smoke(input(), ports(), stores, http(500))).rejects.toThrow(
    /1 of 1 smoke tests failed; traffic was not moved\n {2}front page: status 500, wanted 200/,
  );
  expect(asked).toHaveLength(2);
  expect(lines.join('\n')).not.toContain('secret-token');
  // Where failures are to be reported, the release goes on with them.
  expect(await smoke(input({ onFailure: 'report' }), ports(), stores, http(500))).toMatchObject([
    { passed: false },
  ]);
});

it('what the engine walks through it tests and records itself', async () => {
  await stores.lease.put(journalKey('staging', D1), '{}');
  expect(await smoke(input(), ports(), stores, http(500))).toBeUndefined();
  expect(await record()).toBeUndefined();
  expect(asked).toEqual([]);
  expect([...stores.record.objects.keys()]).toEqual([]);
});
