import { afterAll, beforeAll, expect, test } from 'vitest';
import { join } from 'node:path';
import { APPLICATION } from '../../cli/demo/overlay.ts';
import { ROOT, readStackConfig } from '../../cli/session/stack-config.ts';
import { startTraffic } from '../../sandbox/traffic/client.ts';
import { openStack } from '../../cli/session/find.ts';
import { leaseStore } from '../../release/adapters/lease.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Lease } from '../../release/core/lease/lease.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import type { Comment, DeploymentEntry, GithubFault, Seed } from '../../sandbox/cloud/github/state.ts';
import { CommandWorld } from '../support/command-world.ts';
import { Jobs, type JobResult } from '../support/jobs.ts';

/** A release as a workflow runs it: a process a job, a folder a job, and nothing between them but the buckets. */
let world: CommandWorld;
beforeAll(async () => {
  world = await CommandWorld.open();
});
afterAll(async () => {
  // Users saw all of these releases and their ways back: only the canary that answers errors reached some of them.
  const seen = await world.close();
  expect(seen?.failed).toBeLessThan((seen?.answered ?? 0) / 100);
});

const inJobs = async (run: string, work: (jobs: Jobs) => Promise<void>): Promise<void> => {
  const jobs = new Jobs(world, run);
  try {
    await work(jobs);
  } finally {
    jobs.close();
  }
};

const REPOSITORY = 'azora/azora';
const CHECKS = ['ci-lint-and-type-check.yml', 'ci-test.yml', 'ci-security-scan.yml'];
const seed = (given: Omit<Seed, 'repository'>): Promise<unknown> =>
  world.sandbox.call('POST', '/github/seed', { repository: REPOSITORY, ...given });

interface Repository {
  readonly tags: Readonly<Record<string, string>>;
  readonly comments: readonly Comment[];
  readonly deployments: readonly DeploymentEntry[];
}
const repository = (): Promise<Repository> =>
  world.sandbox.call('GET', `/github/repositories/${encodeURIComponent(REPOSITORY)}`);

const withBuckets = async <T>(
  work: (buckets: { record: ObjectStore; lease: ObjectStore }) => Promise<T>,
): Promise<T> => {
  const opened = await openStack({ stack: 'production', directory: world.directory });
  try {
    return await work(opened.session.objects(await opened.session.outputs()));
  } finally {
    await opened.close();
  }
};
const lease = (): Promise<Lease | undefined> =>
  withBuckets((buckets) => leaseStore(buckets.lease, 'production', systemClock).read());

const told = ({ running }: JobResult): string => running.told();

/** Other images under the version's tag, that answer users with errors only: the next slot is frozen with them. */
const buildBadly = async (version: string): Promise<void> => {
  const { app } = readStackConfig('production');
  for (const service of Object.keys(app.services))
    await world.sandbox.call('POST', '/registry/publish', {
      repository: app.images.repository.replaceAll('{service}', service),
      tag: version,
      directory: join(ROOT, APPLICATION),
      environment: { SERVICE: service, SLUICE_VERSION: version, FAULT_ERRORS: '1' },
    });
};

/** Preflight of a version: the job that every other one depends on. */
const begin = async (jobs: Jobs, version: string): Promise<string> => {
  const first = await jobs.phase('preflight', '--version', version);
  expect(first.code, told(first)).toBe(0);
  expect(first.outputs).toMatchObject({ version, result: 'handedOn' });
  return first.outputs['deployment'] ?? '';
};

test('what GitHub says of the commit decides in the first job: one line each, exit 3, nothing changed', async () => {
  await inJobs('100', async (jobs) => {
    const before = await world.look();
    const commit = (await repository()).tags['v2.0.0'] ?? '';
    const refusedWith = async (message: RegExp): Promise<void> => {
      const job = await jobs.phase('preflight', '--version', 'v2.0.0');
      expect(job.code, told(job)).toBe(3);
      expect(job.outputs['result']).toBe('refused');
      expect(String(job.running.result('outcome')['why'])).toMatch(message);
      expect(await world.look()).toEqual(before);
    };
    const [, testing = '', scan = ''] = CHECKS;
    await seed({
      forgetChecks: true,
      checks: [
        { name: testing, commit },
        { name: scan, commit, conclusion: 'failure' },
      ],
    });
    await refusedWith(
      /^required check ci-lint-and-type-check\.yml never ran on \w{12}\nrequired check ci-test\.yml has not ended on \w{12} \(in_progress\)\nrequired check ci-security-scan\.yml did not pass on \w{12} \(failure\)$/,
    );
    const { tags } = await repository();
    const all = Object.values(tags).flatMap((on) => CHECKS.map((name) => ({ name, commit: on })));
    await seed({ checks: all.map((check) => ({ ...check, conclusion: 'success' })) });

    const breaking = (fault: GithubFault): Promise<unknown> =>
      world.sandbox.call('PUT', '/github/fault', fault);
    await breaking({ kind: 'rateLimited', seconds: 1_800 });
    await refusedWith(/^GitHub: GET \S+: the rate limit is used up until 2\d{3}-\S+$/);
    await breaking({ kind: 'down' });
    await refusedWith(/^GitHub: GET \S+: answered 503$/);
    await world.sandbox.call('DELETE', '/github/fault');
  });
});

test('a job is lost while the canary bakes: the failure handler, on another machine, takes it back', async () => {
  await inJobs('101', async (jobs) => {
    const before = await world.look();
    const deployment = await begin(jobs, 'v1.0.0');
    expect((await jobs.phase('deploy', '--deployment', deployment)).code).toBe(0);
    const { running } = jobs.start(
      'deploy',
      '--phase',
      'canary',
      '--deployment',
      deployment,
      '--lease',
      '3 seconds',
    );
    await running.baking();
    await running.kill();

    const handler = await jobs.phase('failure', '--version', 'v1.0.0');
    expect(handler.code, told(handler)).toBe(4);
    expect(handler.outputs).toMatchObject({ deployment, result: 'rolled_back' });
    expect(String(handler.running.result('report')['report'])).toContain(
      'a job failed or was lost while the deployment was in stage canary',
    );
    expect((await world.record(deployment))?.status).toBe('rolled_back');
    expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });

    // Later jobs, and the handler once more, are told how it ended; they change nothing.
    expect((await jobs.phase('progressive', '--deployment', deployment)).code).toBe(4);
    expect((await jobs.phase('failure', '--deployment', deployment)).code).toBe(4);
    expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });
  });
});

test('a canary that answers errors: its own job takes it back, and the handler reports it', async () => {
  await inJobs('102', async (jobs) => {
    const before = await world.look();
    const deployment = await begin(jobs, 'v1.0.0');
    expect((await jobs.phase('migrate', '--deployment', deployment)).code).toBe(0);
    await buildBadly('v1.0.0');
    expect((await jobs.phase('deploy', '--deployment', deployment)).code).toBe(0);
    // As many users as it takes to be sure within the canary.
    const users = startTraffic({ url: before.outputs.url, rate: 240, seed: 5 });
    const canary = await jobs.phase('canary', '--deployment', deployment);
    const { answered, failed } = await users.stop();
    expect(canary.code, told(canary)).toBe(4);
    // A canary is what it costs: one request of twenty, for seconds.
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan(answered / 10);
    expect(canary.outputs['result']).toBe('rolled_back');

    const handler = await jobs.phase('failure', '--deployment', deployment);
    expect(handler.code).toBe(4);
    expect(String(handler.running.result('report')['report'])).toContain('Failed: stage canary');
    const status = await jobs.run('github', 'status', '--deployment', deployment);
    expect(status.code, told(status)).toBe(0);
    const made = (await repository()).deployments.filter((d) => d.description.includes(deployment));
    expect(made.map((d) => d.statuses.map((s) => s.state))).toEqual([['failure']]);
    expect(await world.look()).toMatchObject({ drift: [], open: [], live: before.live });
  });
});

test('a whole release: ten jobs on ten machines, one lease, one record, every log', async () => {
  await inJobs('103', async (jobs) => {
    const deployment = await begin(jobs, 'v2.0.0');
    const next = async (phase: string): Promise<JobResult> => {
      const job = await jobs.phase(phase, '--deployment', deployment);
      expect(job.code, told(job)).toBe(0);
      expect(job.outputs['deployment']).toBe(deployment);
      return job;
    };
    for (const phase of ['approval', 'backup', 'migrate', 'deploy', 'canary']) await next(phase);
    const shares = async () => Object.values((await world.look()).live)[0];
    expect(await shares()).toEqual({ blue: 95, green: 5 });
    expect(await lease()).toMatchObject({ deployment, handedOn: true });

    // Between two jobs nobody else gets in, and what is under way is shown.
    const other = await jobs.phase('preflight', '--version', 'v1.0.0');
    expect(other.code).toBe(3);
    expect(String(other.running.result('outcome')['why'])).toContain(
      `deployment ${deployment} (v2.0.0 by ada)`,
    );
    const during = await jobs.run('github', 'status', '--deployment', deployment);
    expect(during.code, told(during)).toBe(0);

    await next('progressive');
    expect(await shares()).toEqual({ blue: 50, green: 50 });
    await next('full');
    expect(await shares()).toEqual({ green: 100 });
    await next('smoke');
    expect((await next('record')).outputs['result']).toBe('success');
    expect(await world.look()).toMatchObject({ drift: [], open: [] });

    const record = await world.record(deployment);
    expect(record).toMatchObject({ status: 'success', triggered_by: 'ada' });
    expect(record?.change.link).toBe('https://github.com/azora/azora/actions/runs/103');
    expect(record?.rollout_stages.map((s) => [s.stage, s.status])).toEqual([
      ['canary', 'healthy'],
      ['progressive', 'healthy'],
      ['full', 'healthy'],
    ]);
    await withBuckets(async (buckets) => {
      const keys = await buckets.record.list('logs/production/');
      for (const kind of ['backup-logs', 'migration-logs', 'rollout-logs', 'smoke-test-logs'])
        expect(keys).toContain(`logs/production/${kind}-${deployment}.log`);
      // Four jobs wrote it, each in a folder of its own.
      const rollout = await buckets.record.get(`logs/production/rollout-logs-${deployment}.log`);
      for (const update of ['up', 'canary', 'progressive', 'full'])
        expect(rollout?.body).toContain(`update ${update}: serial`);
    });
    await shown(jobs, deployment, record?.git_sha ?? '');
  });
});

/** What people see of it on GitHub. */
const shown = async (jobs: Jobs, deployment: string, commit: string): Promise<void> => {
  await seed({ pulls: [{ number: 7, head: 'e'.repeat(40), commits: [commit], state: 'closed' }] });
  const all = [
    ['github', 'status'],
    ['github', 'comment'],
    ['github', 'summary'],
  ];
  const ended: JobResult[] = [];
  for (const words of all) ended.push(await jobs.run(...words, '--deployment', deployment));
  expect(ended.map((e) => e.code)).toEqual([0, 0, 0]);
  const { comments, deployments } = await repository();
  const made = deployments.filter((d) => d.description.includes(deployment));
  expect(made.map((d) => d.statuses.map((s) => s.state))).toEqual([['in_progress', 'success']]);
  expect(comments.map((c) => [c.pull, c.updates])).toEqual([[7, 0]]);
  for (const text of [comments[0]?.body, ended.at(-1)?.summary]) {
    expect(text).toContain('azora v2.0.0 in production: ✅ live');
    expect(text).toContain(`records/production/${deployment}.json`);
    expect(text).toContain('https://github.com/azora/azora/actions/runs/103');
    expect(text).toContain('| canary | 5 % | healthy |');
  }
  // GitHub takes nothing: the job says so, and its summary is written all the same.
  const fault: GithubFault = { kind: 'rateLimited', seconds: 1_800 };
  await world.sandbox.call('PUT', '/github/fault', fault);
  const untold = await jobs.run('github', 'tell', '--deployment', deployment);
  await world.sandbox.call('DELETE', '/github/fault');
  expect(untold.code).toBe(3);
  expect(untold.summary).toContain('azora v2.0.0 in production: ✅ live');
  const why = expect.stringContaining('the rate limit is used up') as string;
  expect(untold.running.lines.filter((l) => l.type === 'note')).toMatchObject([
    { status: false, why },
    { comment: false, why },
  ]);
};
