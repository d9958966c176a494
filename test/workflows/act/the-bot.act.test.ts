import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pipeline, type Event } from './pipeline.ts';
import { NO_PULL } from './rights.ts';

/** THE_BOT's pipeline by its rendered files: a host over SSH, after CI has passed on develop. */
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await Pipeline.open({
    example: 'the-bot',
    versions: { 'v2.1.0': { environment: { FAULT_UNHEALTHY: '1' } } },
  });
  pipeline.git('branch', 'develop');
}, 200_000);
afterAll(() => pipeline.close());

/** CI has ended on a branch; GitHub then runs what waits for it on the default branch. */
const afterCi = (branch: string, conclusion = 'success'): Event => ({
  workflow: 'deploy-staging.yml',
  event: 'workflow_run',
  payload: {
    action: 'completed',
    ref: 'refs/heads/main',
    workflow: { name: 'CI' },
    workflow_run: {
      name: 'CI',
      event: 'push',
      conclusion,
      head_branch: branch,
      head_sha: pipeline.git('rev-parse', branch),
      head_repository: { full_name: 'the-bot/the-bot' },
    },
  },
});
/** Develop gets ahead of main, where the runs are. */
const onDevelop = (version: string): void => {
  pipeline.git('checkout', '-q', 'develop');
  pipeline.edit('Pulumi.staging.yaml', (text) =>
    text.replace(/sluice:version: .*/, `sluice:version: ${version}`),
  );
  pipeline.commit(version);
  pipeline.git('checkout', '-q', 'main');
};

test('CI that failed deploys nothing', async () => {
  const run = await pipeline.run(afterCi('develop', 'failure'));
  expect(run.jobs, run.log).toEqual({});
});

test('after CI on develop its very commit is deployed to the host: containers, migrations, static files', async () => {
  onDevelop('v2.0.0');
  await pipeline.calls();
  const run = await pipeline.run(afterCi('develop'));
  expect(run.jobs, run.log).toEqual({
    preflight: 'success',
    rollout: 'success',
    smoke: 'success',
    record: 'success',
  });
  const { url } = await pipeline.status('staging');
  const answer = await fetch(`${url}/api/system/health/`);
  expect(await answer.json()).toMatchObject({ version: '2.0.0' });
  const containers = await pipeline.world.sandbox.call<Record<string, object>>('GET', '/hosts/staging');
  expect(Object.keys(containers)).toHaveLength(8);
  expect((await pipeline.byHand('validate', '--stack', 'staging')).result('validation')).toMatchObject({
    failed: 0,
  });
  // The key of the host is GitHub's secret; no job printed it.
  const key = pipeline.world.environment['STAGING_SSH_KEY'] ?? '';
  expect(key).toContain('PRIVATE KEY');
  expect(run.log).not.toContain(key.split('\n')[1]);
  await pipeline.leastRights('deploy-staging.yml', run, { record: NO_PULL });
});

test('a service that never becomes healthy: the host has the version before, and the handler reports', async () => {
  onDevelop('v2.1.0');
  const run = await pipeline.run(afterCi('develop'));
  expect(run.jobs, run.log).toEqual({ preflight: 'success', rollout: 'failure', failure: 'failure' });
  const { url } = await pipeline.status('staging');
  expect(await (await fetch(`${url}/api/system/health/`)).json()).toMatchObject({ version: '2.0.0' });
  expect((await pipeline.history('staging'))[0]).toMatchObject({ version: 'v2.1.0', status: 'rolled_back' });
});
