import { afterAll, beforeAll, expect, test } from 'vitest';
import { findExample } from '../../../cli/demo/example.ts';
import { startTraffic, type TrafficRun } from '../../../sandbox/traffic/client.ts';
import { dispatched, Pipeline, pushed } from './pipeline.ts';
import { NO_PULL } from './rights.ts';

/** The function's pipeline by its rendered files: staging, an approval, and production in one run. */
let pipeline: Pipeline;
let traffic: TrafficRun | undefined;
beforeAll(async () => {
  pipeline = await Pipeline.open({ example: 'lambda', versions: { 'v2.1.0': { code: 'v2' } } });
  for (const stack of ['staging', 'production']) pipeline.shorten(`Pulumi.${stack}.yaml`);
}, 200_000);
afterAll(async () => {
  await traffic?.stop();
  await pipeline.close();
});

/** Which version the stack file of staging names. */
const wanted = (version: string): void => {
  pipeline.edit('Pulumi.staging.yaml', (text) =>
    text.replace(/sluice:version: .*/, `sluice:version: ${version}`),
  );
  pipeline.commit(version);
};
const succeeded = (...ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, 'success']));
const STAGING = succeeded('preflight', 'rollout', 'smoke', 'record');
const PRODUCTION = succeeded(
  ...['preflight', 'approval', 'approved', 'migrate', 'deploy', 'canary', 'full', 'smoke', 'record'].map(
    (id) => `production-${id}`,
  ),
);
/** Somebody agrees on GitHub before the run gets there. */
const approved = (run: string) =>
  pipeline.seed({
    reviews: [{ run, by: 'team-lead', state: 'approved', environments: ['production-approval'] }],
  });

test('a push to main: staging, then production in the same run, after an approval, with the same artifact', async () => {
  await approved('800');
  const first = await pipeline.run({ ...pushed(), id: '800' });
  expect(first.jobs, first.log).toEqual({ ...STAGING, ...PRODUCTION });
  const { visits } = await findExample('lambda');
  traffic = startTraffic({
    url: pipeline.world.sandbox.lambda,
    visits: visits.map((v) => ({ ...v, path: v.path.replaceAll('{environment}', 'production') })),
    rate: 60,
    seed: 3,
  });
  wanted('v2.0.0');
  await approved('801');
  await pipeline.calls();
  const moved: Promise<string[]>[] = [];
  const run = await pipeline.run({ ...pushed(), id: '801' }, (text) => {
    if (text.includes('weights read back')) moved.push(pipeline.versions('production'));
  });
  expect(run.jobs, run.log).toEqual({ ...STAGING, ...PRODUCTION });
  // What the alias gave to whom while the jobs of the stages ran.
  expect(await Promise.all(moved)).toEqual([['v1.0.0 90 %', 'v2.0.0 10 %'], ['v2.0.0 100 %']]);
  const images = async (stack: string) =>
    Object.values((await pipeline.status(stack)).release?.slots ?? {}).find((s) => s.version === 'v2.0.0')
      ?.services['quote']?.image;
  expect(await images('production')).toMatch(/@sha256:[0-9a-f]{64}$/);
  expect(await images('production')).toBe(await images('staging'));
  expect((await pipeline.history('production'))[0]).toMatchObject({ version: 'v2.0.0', status: 'success' });
  await pipeline.leastRights('deploy-staging.yml', run, { record: NO_PULL, 'production-record': NO_PULL });
});

test('a version that answers test payloads wrongly ends in staging; production is not asked', async () => {
  pipeline.edit('Pulumi.staging.yaml', (text) => text.replace('price: 4.9', 'price: 5.9'));
  wanted('v2.1.0');
  const run = await pipeline.run(pushed());
  expect(run.jobs, run.log).toEqual({ preflight: 'success', rollout: 'failure', failure: 'failure' });
  expect(run.printed['rollout']).toContain('quote');
  expect(await pipeline.versions('staging')).toEqual(['v2.0.0 100 %']);
  expect((await pipeline.history('staging'))[0]).toMatchObject({ version: 'v2.1.0', status: 'rolled_back' });
  expect(await pipeline.versions('production')).toEqual(['v2.0.0 100 %']);
});

test('a hotfix is dispatched from its branch into staging, and goes no further', async () => {
  pipeline.git('checkout', '-q', '-b', 'hotfix/rates');
  pipeline.edit('Pulumi.staging.yaml', (text) => text.replace('price: 5.9', 'price: 4.9'));
  pipeline.commit('the rate as it was');
  const run = await pipeline.run(dispatched('deploy-staging.yml', { version: 'v2.1.0' }, 'hotfix/rates'));
  pipeline.git('checkout', '-q', 'main');
  expect(run.jobs, run.log).toEqual(STAGING);
  expect(await pipeline.versions('staging')).toEqual(['v2.1.0 100 %']);
  expect(await pipeline.versions('production')).toEqual(['v2.0.0 100 %']);
});

test('back by hand to a version that was published before, after an approval; users lost nothing in all that', async () => {
  let approval: Promise<unknown> = Promise.resolve();
  const run = await pipeline.run(
    dispatched('rollback.yml', {
      environment: 'production',
      version: 'v1.0.0',
      reason: 'critical bug',
      mode: 'standard',
      ticket: 'OPS-8',
      restore_database: 'false',
      override: 'false',
    }),
    (text) => {
      if (text.includes('waits for approval'))
        approval = pipeline.asPerson('team-lead', 'approve', '--stack', 'production');
    },
  );
  await approval;
  expect(run.jobs, run.log).toEqual({ production: 'success' });
  expect(await pipeline.versions('production')).toEqual(['v1.0.0 100 %']);
  const seen = await traffic?.stop();
  traffic = undefined;
  expect(seen?.sent).toBeGreaterThan(500);
  expect(seen?.failed).toBe(0);
});
