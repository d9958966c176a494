import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStack } from '../../../cli/session/find.ts';
import { readLive } from '../../../release/runner/effects/live.ts';
import { Pipeline, pushed } from './pipeline.ts';

/** The rendered files, run by act on this machine, against the local cloud and the real engine. */
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await Pipeline.open();
}, 60_000);
afterAll(() => pipeline.close());

const staging = async () => {
  const opened = await openStack({ stack: 'staging', directory: pipeline.world.directory });
  try {
    const { session } = opened;
    const outputs = await session.outputs();
    const live = await readLive(session.run(outputs, 'unnamed').ports.traffic, outputs.routing);
    return { outputs, live };
  } finally {
    await opened.close();
  }
};

const versionsLive = async (): Promise<string[]> => {
  const { outputs } = await staging();
  const paths = ['/api/health', '/auth/health'];
  return Promise.all(
    paths.map(async (path) => {
      const answer = await fetch(`${outputs.url}${path}`);
      return ((await answer.json()) as { version: string }).version;
    }),
  );
};

test('a push to main deploys what the stack file says; the record and the logs are kept', async () => {
  const run = await pipeline.run(pushed());
  expect(run.code, run.log).toBe(0);
  expect(run.jobs).toEqual({ preflight: 'success', rollout: 'success', smoke: 'success', record: 'success' });
  expect(await versionsLive()).toEqual(['1.0.0', '1.0.0']);
  const deployment = run.outputs['preflight']?.['deployment'] ?? '';
  expect(run.summaries['record']).toContain(deployment);
});
