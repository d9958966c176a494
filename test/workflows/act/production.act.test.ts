import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTraffic, type TrafficRun } from '../../../sandbox/traffic/client.ts';
import { dispatched, Pipeline, tagged } from './pipeline.ts';
import { NO_PULL } from './rights.ts';
import type { RunResult } from './told.ts';

/**
 * Production by its rendered files: act runs every job on this machine, the real engine changes the local cloud,
 * users are on it all the time. What is asserted is the world: weights, records, what was kept and told.
 */
let pipeline: Pipeline;
let traffic: TrafficRun;
/** Version 1 is live before anything is tried, with its own migrations; 2.1 fails users. */
beforeAll(async () => {
  const environment = { FAULT_ERRORS: '1' };
  pipeline = await Pipeline.open({ versions: { 'v2.1.0': { environment }, 'v2.2.0': {} } });
  pipeline.shorten('Pulumi.production.yaml');
  migrationsFrom('migrations-v1');
  pipeline.commit('version 1');
  await pipeline.byHand('deploy', '--version', 'v1.0.0');
  const { outputs } = await pipeline.world.look();
  traffic = startTraffic({ url: outputs.url, rate: 60, seed: 3 });
}, 400_000);
afterAll(() => pipeline.close());

/** Which folder the stack file of the repository names. */
const migrationsFrom = (folder: string): void =>
  pipeline.edit('Pulumi.production.yaml', (text) =>
    text.replaceAll(/app\/migrations[-\w]*/g, `app/${folder}`),
  );

/** Whether the deployment waits by itself, beside GitHub's gate. */
const approval = async (how: string): Promise<void> => {
  pipeline.edit('Pulumi.production.yaml', (text) =>
    text.replace(/approval: \{when.*\}/, `approval: {${how}}`),
  );
  await pipeline.render();
};

/** The local GitHub gives its tags as a plain object. */
const tagOf = (tags: unknown, version: string): string => (tags as Record<string, string>)[version] ?? '';

const deploymentOf = (run: RunResult): string => run.outputs['preflight']?.['deployment'] ?? '';
const recordOf = async (deployment: string) => {
  const record = await pipeline.world.record(deployment);
  if (record === undefined) throw new Error(`no record of ${deployment}`);
  return record;
};
const liveVersions = async (): Promise<string[]> => {
  const { outputs, live, drift } = await pipeline.world.look();
  expect(drift).toEqual([]);
  const all = Object.values(live).map((shares) => JSON.stringify(shares));
  expect(new Set(all).size).toBe(1);
  const { release } = outputs;
  return Object.entries(release?.traffic ?? {})
    .flatMap(([slot, share]) =>
      share > 0 ? [`${release?.slots[slot as 'blue' | 'green']?.version} ${share} %`] : [],
    )
    .toSorted();
};

test('a migration that fails: no service has changed, and the statement is named', async () => {
  migrationsFrom('migrations-bad');
  await approval('when: first, reviewers: [grace]');
  pipeline.commit('a migration that fails, and somebody who is asked');
  const before = await pipeline.world.look();
  const yes = { run: '700', by: 'grace', state: 'approved', environments: ['production-approval'] } as const;
  await pipeline.seed({ reviews: [yes] });
  await pipeline.calls();
  const run = await pipeline.run({ ...tagged('v2.2.0'), id: yes.run });
  await pipeline.leastRights('deploy-production.yml', run, { failure: NO_PULL });
  await approval('when: none');
  expect(run.jobs, run.log).toEqual({
    preflight: 'success',
    approval: 'success',
    approved: 'success',
    backup: 'success',
    migrate: 'failure',
    failure: 'failure',
  });
  expect(await liveVersions()).toEqual(['v1.0.0 100 %']);
  expect((await pipeline.world.look()).outputs.release?.slots).toEqual(before.outputs.release?.slots);
  expect(await recordOf(deploymentOf(run))).toMatchObject({
    status: 'failed',
    change: { approver: 'grace' },
  });
  expect(run.printed['failure']).toContain('alter table courses add column level text not null');
  expect(await pipeline.world.look()).toMatchObject({ open: [] });
});

test('a tag releases: every phase is a job, the canary has traffic, the record and what is kept say so', async () => {
  migrationsFrom('migrations');
  pipeline.commit('the migration mended');
  // The commit came from a pull request: people look there for what became of it.
  const { tags } = await pipeline.github();
  await pipeline.seed({ pulls: [{ number: 3, head: tagOf(tags, 'v2.0.0'), state: 'closed' }] });
  await pipeline.calls();
  const moved: Promise<string[]>[] = [];
  const run = await pipeline.run(tagged('v2.0.0'), (text) => {
    if (text.includes('weights read back')) moved.push(liveVersions());
  });
  expect(run.code, run.log).toBe(0);
  expect(run.tookMs).toBeLessThan(120_000);
  console.log(`a whole production workflow: ${Math.round(run.tookMs / 1_000)} s (${run.times})`);
  expect(run.jobs).toEqual(
    Object.fromEntries(
      [
        'preflight',
        'approval',
        'backup',
        'migrate',
        'deploy',
        'canary',
        'progressive',
        'full',
        'smoke',
        'record',
      ].map((id) => [id, 'success']),
    ),
  );
  // What the load balancer had while the jobs of the stages ran.
  expect(await Promise.all(moved)).toEqual([
    ['v1.0.0 95 %', 'v2.0.0 5 %'],
    ['v1.0.0 50 %', 'v2.0.0 50 %'],
    ['v2.0.0 100 %'],
  ]);
  expect(await liveVersions()).toEqual(['v2.0.0 100 %']);
  const deployment = deploymentOf(run);
  const record = await recordOf(deployment);
  expect(record).toMatchObject({
    status: 'success',
    version: 'v2.0.0',
    triggered_by: 'ada',
    migrations_applied: 1,
  });
  expect(record.rollout_stages.map((s) => [s.stage, s.traffic_percentage, s.status])).toEqual([
    ['canary', 5, 'healthy'],
    ['progressive', 50, 'healthy'],
    ['full', 100, 'healthy'],
  ]);
  // Counted at the load balancer: users really were on both versions.
  for (const stage of record.rollout_stages.slice(0, 2))
    for (const { fresh, stable } of Object.values(stage.totals)) {
      expect(stable.requests).toBeGreaterThan(0);
      if (stage.stage === 'progressive') expect(fresh.requests).toBeGreaterThan(0);
    }
  for (const kind of [
    'backup-logs',
    'migration-logs',
    'rollout-logs',
    'smoke-test-logs',
    'deployment-record',
    'rollback-instructions',
  ])
    expect(readdirSync(pipeline.artifacts)).toContain(`${kind}-${deployment}`);
  const kept = join(pipeline.artifacts, `deployment-record-${deployment}`);
  expect(JSON.parse(readFileSync(join(kept, `${deployment}.json`), 'utf8'))).toEqual(record);
  // Whoever approves sees what will change; everybody sees how it ended.
  expect(run.summaries['preflight']).toContain('v2.0.0');
  expect(run.summaries['approval']).toContain(deployment);
  expect(run.summaries['record']).toContain(deployment);
  const { comments, deployments } = await pipeline.github();
  expect(comments.map((c) => c.pull)).toEqual([3]);
  expect(comments[0]?.body).toContain(deployment);
  expect(deployments.at(-1)?.statuses.at(-1)?.state).toBe('success');
  await pipeline.leastRights('deploy-production.yml', run);
});

test('a canary that fails users: later jobs are skipped, traffic is back, the handler reports', async () => {
  // A share of 5 % of few users for two seconds shows nothing: the gate gets more of both.
  pipeline.edit('Pulumi.production.yaml', (text) =>
    text.replace(/(name: canary.*bake:) 2 seconds/, '$1 5 seconds'),
  );
  pipeline.commit('a canary that is watched longer');
  const { outputs } = await pipeline.world.look();
  const crowd = startTraffic({ url: outputs.url, rate: 120, seed: 4 });
  const run = await pipeline.run(tagged('v2.1.0'));
  await crowd.stop();
  expect(run.code).toBe(1);
  expect(run.jobs, run.log).toEqual({
    preflight: 'success',
    approval: 'success',
    backup: 'success',
    migrate: 'success',
    deploy: 'success',
    canary: 'failure',
    failure: 'failure',
  });
  expect(await liveVersions()).toEqual(['v2.0.0 100 %']);
  const deployment = deploymentOf(run);
  const record = await recordOf(deployment);
  expect(record.status).toBe('rolled_back');
  expect(record.rollout_stages.at(-1)?.stage).toBe('canary');
  expect(run.summaries['failure']).toContain(deployment);
  expect(await pipeline.world.look()).toMatchObject({ open: [] });
  await pipeline.leastRights('deploy-production.yml', run, { failure: NO_PULL });
});

test('a rollback by hand, standard: the version before is live, and the record says who and why', async () => {
  // Made of what a script would run: quotes, newlines, $(…), ; and Unicode.
  const pwned = join(pipeline.folder, 'pwned');
  const reason = `performance issue"; touch ${pwned}; "$(touch ${pwned})\n--mode=emergency 'ü\u202E`;
  const ticket = `OPS-7';touch ${pwned};'\`touch ${pwned}\``;
  await pipeline.calls();
  const run = await pipeline.run(
    dispatched('rollback.yml', {
      environment: 'production',
      version: 'previous',
      reason,
      mode: 'standard',
      ticket,
      restore_database: 'false',
      override: 'false',
    }),
  );
  expect(run.code, run.log).toBe(0);
  expect(run.jobs).toEqual({ production: 'success' });
  expect(await liveVersions()).toEqual(['v1.0.0 100 %']);
  const record = await recordOf(run.outputs['production']?.['deployment'] ?? '');
  expect(record).toMatchObject({ kind: 'rollback', triggered_by: 'ada' });
  expect(record.change.why).toContain(`touch ${pwned}; "$(touch`);
  expect(record.change.ticket).toBe(ticket);
  expect(existsSync(pwned)).toBe(false);
  await pipeline.leastRights('rollback.yml', run);
});

test('by the clock: a backup is made, the old slot and what is live are looked at, with no more rights than that takes', async () => {
  const before = await pipeline.world.look();
  const backups = async (): Promise<readonly string[]> =>
    pipeline.world.session(async ({ session }) => session.objects(await session.outputs()).backup.list(''));
  const had = await backups();
  for (const workflow of ['backup.yml', 'tidy.yml']) {
    await pipeline.calls();
    const run = await pipeline.run({ workflow, event: 'schedule' });
    expect(run.jobs, run.log).toEqual({ production: 'success' });
    await pipeline.leastRights(workflow, run);
  }
  expect((await backups()).length).toBeGreaterThan(had.length);
  await pipeline.calls();
  const drift = await pipeline.run({ workflow: 'drift.yml', event: 'schedule' });
  expect(drift.jobs['production'], drift.log).toBe('success');
  await pipeline.leastRights('drift.yml', drift);
  expect((await pipeline.world.look()).live).toEqual(before.live);
});

test('an emergency while a release runs: traffic is back at once, and the release stops by itself', async () => {
  // A stack file may do without the backup: its job is not rendered then.
  pipeline.edit('Pulumi.production.yaml', (text) =>
    text.replace('backup: {enabled: true', 'backup: {enabled: false'),
  );
  pipeline.commit('no backup');
  await pipeline.render();
  let begun = (): void => {};
  const canary = new Promise<void>((done) => (begun = done));
  const release = pipeline.run(tagged('v2.0.0'), (text) => {
    if (text.includes('canary: weights read back')) begun();
  });
  const ended = release.then((run) => `the release ended before its canary: ${run.log}`);
  expect(await Promise.race([canary, ended])).toBeUndefined();
  const { live } = await pipeline.world.look();
  for (const { blue = 0, green = 0 } of Object.values(live)) expect(Math.min(blue, green)).toBeGreaterThan(0);
  const rollback = await pipeline.run(
    dispatched('rollback.yml', {
      environment: 'production',
      version: 'previous',
      reason: 'service outage',
      mode: 'emergency',
      ticket: '',
      restore_database: 'false',
      override: 'false',
    }),
  );
  expect(rollback.code, rollback.log).toBe(0);
  const stopped = await release;
  expect(stopped.code).toBe(1);
  expect(stopped.jobs).not.toHaveProperty('record');
  expect(stopped.jobs).not.toHaveProperty('backup');
  expect(await liveVersions()).toEqual(['v1.0.0 100 %']);
  expect(await pipeline.world.look()).toMatchObject({ open: [] });
});

test('nobody lost a request to all that but to the version that failed them', async () => {
  const seen = await traffic.stop();
  // The bad version had 5 % of users for seconds.
  expect(seen.failed).toBeLessThan(seen.sent * 0.05);
});
