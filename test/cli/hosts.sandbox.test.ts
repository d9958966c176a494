import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findExample } from '../../cli/demo/example.ts';
import { asItShould, playOnHosts, updateTo } from '../../cli/demo/hosts.ts';
import { HOSTS_SCENARIOS } from '../../cli/demo/hosts-scenarios.ts';
import { openHostsWorld, type HostsWorld } from '../../cli/demo/hosts-world.ts';
import { validate } from '../../cli/validate/run.ts';
import { deploymentId } from '../../lib/ids.ts';
import { runMaintenance } from '../../release/runner.ts';
import { recordStore } from '../../release/adapters/records.ts';

const FROM = 'v1.0.0';
const TO = 'v2.0.0';
let world: HostsWorld;
const directory = mkdtempSync(join(tmpdir(), 'sluice-hosts-'));

beforeAll(async () => {
  world = await openHostsWorld('staging', directory, await findExample('the-bot'));
  await world.publish(FROM);
  expect(await updateTo(world, FROM)).toBeUndefined();
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

test('the first release: containers of the document’s eight services, healthy, with a manifest', async () => {
  const containers = await world.sandbox.call<Record<string, { image: string; status: string }>>(
    'GET',
    '/hosts/staging',
  );
  const names = ['backend', 'frontend', 'worker', 'beat', 'db', 'redis', 'prometheus', 'grafana'];
  expect(Object.keys(containers).sort()).toEqual(names.map((n) => `the-bot-staging/${n}`).sort());
  for (const { status } of Object.values(containers))
    expect(status).toMatch(/^Up \d+ seconds( \(healthy\))?$/);
  const manifest = JSON.parse(
    readFileSync(join(world.app.target.path, 'deployment-manifest.json'), 'utf8'),
  ) as object;
  expect(manifest).toMatchObject({ application: 'the-bot', environment: 'staging', version: FROM });
});

test('sluice validate finds nothing wrong, well within ten seconds', async () => {
  const startedAt = performance.now();
  const findings = await validate(world.app);
  expect(findings.filter((f) => f.status === 'failed')).toEqual([]);
  expect(findings.length).toBeGreaterThanOrEqual(14);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('the same version again changes nothing on the host', async () => {
  const before = readFileSync(join(world.app.target.path, 'records.jsonl'), 'utf8');
  expect(await updateTo(world, FROM)).toBeUndefined();
  expect(readFileSync(join(world.app.target.path, 'records.jsonl'), 'utf8')).toBe(before);
});

// Every failure first: each finds version 1, and leaves it.
for (const scenario of [
  ...HOSTS_SCENARIOS.filter((s) => s.ends !== 'success'),
  ...HOSTS_SCENARIOS.filter((s) => s.ends === 'success'),
])
  test(`${scenario.title}: ${scenario.must}`, async () => {
    const end = await playOnHosts(world, scenario, TO);
    expect(end.message).toMatch(scenario.says);
    expect({ runs: end.runs, answers: end.answers }).toEqual(
      scenario.ends === 'success' ? { runs: TO, answers: TO } : { runs: FROM, answers: FROM },
    );
    expect(asItShould(scenario, end, FROM, TO), JSON.stringify(end)).toBe(true);
  });

test('in place too users are told when to come again, and are let in by the next word', async () => {
  const session = await world.session(TO);
  const outputs = await session.outputs();
  const turn = (closed: boolean) => {
    const deployment = deploymentId(session.clock.now(), 'abcdefabcdef');
    return runMaintenance(session.run(outputs, deployment), {
      deployment,
      closed,
      by: 'ada',
      reason: 'disk',
    });
  };
  const asked = async () => {
    const { status, headers } = await fetch(`${world.url}/`);
    return [status, headers.get('retry-after')];
  };
  await turn(true);
  expect(await asked()).toEqual([503, '60']);
  await turn(false);
  expect(await asked()).toEqual([200, null]);
  await session.close();
});

test('going back is an update to the version before', async () => {
  expect(await updateTo(world, FROM)).toBeUndefined();
  const answer = await fetch(`${world.url}/api/system/health/`);
  expect(answer.headers.get('x-version')).toBe('1.0.0');
  const results = readFileSync(join(world.app.target.path, 'records.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { result: string }).result);
  expect(results).toEqual([
    'success',
    ...HOSTS_SCENARIOS.filter((s) => s.ends === 'back').map(() => 'rolled_back'),
    'success',
    'success',
  ]);
  // Each of the three plain updates that were carried out has left a record of its own.
  const session = await world.session(FROM);
  const kept = await recordStore(session.objects(await session.outputs()).record, 'staging').all();
  expect(kept.map((r) => [r.version, r.status])).toEqual([FROM, TO, FROM].map((v) => [v, 'success']));
  await session.close();
});
