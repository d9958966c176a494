import { afterAll, beforeAll, expect, test } from 'vitest';
import { dispatched, Pipeline, pushed, type Event } from './pipeline.ts';
import { NO_PULL } from './rights.ts';
import type { RunResult } from './told.ts';

/** Running-app's pipeline by its rendered files: checks inside, staging by push, production by promotion. */
let pipeline: Pipeline;
beforeAll(async () => {
  const broken = { migrations: 'migrations', environment: { FAULT_PATHS: '/api/runs' } };
  pipeline = await Pipeline.open({ example: 'running-app', versions: { 'v1.2.0': broken } });
  pipeline.edit('Pulumi.staging.yaml', (text) =>
    text
      .replace(/commands: \{.*\}/, "commands: { syntax: 'node --check examples/running-app/app/main.js' }")
      .replace('onFailure: rollback', 'onFailure: rollback\n      interval: 1 second'),
  );
  for (const stack of ['staging', 'production']) pipeline.shorten(`Pulumi.${stack}.yaml`);
  migrationsOf('staging', 'migrations-v1');
  migrationsOf('production', 'migrations-v1');
  await pipeline.render();
  pipeline.commit('version 1');
}, 200_000);
afterAll(() => pipeline.close());

const migrationsOf = (stack: string, folder: string): void =>
  pipeline.edit(`Pulumi.${stack}.yaml`, (text) => text.replaceAll(/app\/migrations[-\w]*/g, `app/${folder}`));
const wanted = (version: string): void =>
  pipeline.edit('Pulumi.staging.yaml', (text) =>
    text.replace(/sluice:version: .*/, `sluice:version: ${version}`),
  );
const succeeded = (...ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, 'success']));
const CHECKS = succeeded('dependency-audit', 'secret-scan', 'configuration-review');
const promotion = (deployment: string): Event =>
  dispatched('deploy-production.yml', {
    promote: deployment,
    reason: 'release',
    ticket: 'CHG-1',
    risk: 'low',
  });
const deploymentOf = (run: RunResult): string => run.outputs['preflight']?.['deployment'] ?? '';
const imagesOf = async (stack: string, version: string) =>
  Object.values((await pipeline.status(stack)).release?.slots ?? {}).find((s) => s.version === version)
    ?.services;

let staged = '';
test('a push to main: checks inside the pipeline, then one update of staging', async () => {
  await pipeline.calls();
  const run = await pipeline.run(pushed());
  expect(run.jobs, run.log).toEqual({
    ...CHECKS,
    ...succeeded('preflight', 'rollout', 'smoke', 'record'),
  });
  expect(await pipeline.versions('staging')).toEqual(['v1.0.0 100 %']);
  staged = deploymentOf(run);
  await pipeline.leastRights('deploy-staging.yml', run, { record: NO_PULL });
});

test('by hand, naming that deployment: the same images in production, after an approval, all traffic at once', async () => {
  await pipeline.seed({
    reviews: [{ run: '900', by: 'grace', state: 'approved', environments: ['production-approval'] }],
  });
  await pipeline.calls();
  const run = await pipeline.run({ ...promotion(staged), id: '900' });
  expect(run.jobs, run.log).toEqual(
    succeeded('preflight', 'approval', 'approved', 'backup', 'migrate', 'deploy', 'full', 'smoke', 'record'),
  );
  expect(await pipeline.versions('production')).toEqual(['v1.0.0 100 %']);
  expect(await imagesOf('production', 'v1.0.0')).toMatchObject({
    api: { image: (await imagesOf('staging', 'v1.0.0'))?.['api']?.image },
    web: { image: (await imagesOf('staging', 'v1.0.0'))?.['web']?.image },
  });
  expect((await pipeline.history('production'))[0]).toMatchObject({ version: 'v1.0.0', status: 'success' });
  await pipeline.leastRights('deploy-production.yml', run, { record: NO_PULL });
});

test('a version that fails its smoke tests in staging goes back there, and is refused in production', async () => {
  wanted('v1.2.0');
  migrationsOf('staging', 'migrations');
  pipeline.commit('version 1.2');
  const run = await pipeline.run(pushed());
  expect(run.jobs, run.log).toMatchObject({ rollout: 'success', smoke: 'failure' });
  expect(await pipeline.versions('staging')).toEqual(['v1.0.0 100 %']);
  const before = await pipeline.status('production');
  const refused = await pipeline.run(promotion(deploymentOf(run)));
  expect(refused.jobs, refused.log).toEqual({ preflight: 'failure' });
  expect(refused.printed['preflight']).toContain('v1.2.0');
  expect(await pipeline.status('production')).toEqual(before);
});
