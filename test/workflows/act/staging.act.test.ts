import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStack } from '../../../cli/session/find.ts';
import { dispatched, Pipeline, pushed, type Event } from './pipeline.ts';

/** Staging and pull requests by the rendered files, run by act against the local cloud and the real engine. */
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await Pipeline.open();
  pipeline.shorten('Pulumi.staging.yaml');
}, 120_000);
afterAll(() => pipeline.close());

const url = async (): Promise<string> => {
  const opened = await openStack({ stack: 'staging', directory: pipeline.world.directory });
  try {
    return (await opened.session.outputs()).url;
  } finally {
    await opened.close();
  }
};

/** What users of staging get. */
const versionsServed = async (): Promise<string[]> => {
  const base = await url();
  return Promise.all(
    ['/api/health', '/auth/health', '/api/education/health', '/api/marketplace/health'].map(async (path) => {
      const answer = await fetch(`${base}${path}`);
      return ((await answer.json()) as { version: string }).version;
    }),
  );
};
const all = (version: string): string[] => [version, version, version, version];

const pull = (from: string, branch: string): Event => ({
  workflow: 'preview.yml',
  event: 'pull_request',
  payload: {
    number: 7,
    pull_request: {
      number: 7,
      head: { ref: branch, sha: pipeline.git('rev-parse', 'HEAD'), repo: { full_name: from } },
      base: { ref: 'main', sha: pipeline.git('rev-parse', 'HEAD') },
    },
  },
});

/** The local GitHub gives its tags as a plain object. */
const tagOf = (tags: unknown, version: string): string => (tags as Record<string, string>)[version] ?? '';

/** Would be there if a value had ever been run. */
const pwned = (): string => join(pipeline.folder, 'pwned');
const HOSTILE = (): readonly string[] => [
  `v1.0.0"; touch ${pwned()}; "`,
  `$(touch ${pwned()})`,
  `v1.0.0\n--stack=production\n$(touch ${pwned()})`,
  `v1.0.0';touch ${pwned()};'`,
  `v1.0.0 \u202E\`touch ${pwned()}\` ü`,
];

test('a push to main deploys what the stack file says; logs are kept, GitHub is told', async () => {
  // The commit came from a pull request: people look there for what became of it.
  const { tags } = await pipeline.github();
  await pipeline.seed({ pulls: [{ number: 3, head: tagOf(tags, 'v1.0.0'), state: 'closed' }] });
  await pipeline.calls();
  const run = await pipeline.run(pushed());
  expect(run.code, run.log).toBe(0);
  expect(run.jobs).toEqual({ preflight: 'success', rollout: 'success', smoke: 'success', record: 'success' });
  expect(await versionsServed()).toEqual(all('1.0.0'));
  const deployment = run.outputs['preflight']?.['deployment'] ?? '';
  expect(deployment).toMatch(/^\d{10}-[0-9a-f]{12}$/);
  expect(run.summaries['record']).toContain(deployment);
  expect(readdirSync(pipeline.artifacts)).toContain(`deployment-record-${deployment}`);
  const { comments, deployments } = await pipeline.github();
  expect(comments).toMatchObject([{ pull: 3, body: expect.stringContaining(deployment) as string }]);
  const [told] = deployments;
  expect(told).toMatchObject({ environment: 'staging' });
  expect(told?.statuses.at(-1)?.state).toBe('success');
  await pipeline.leastRights('deploy-staging.yml', run);
});

test('the checks of a merge hold no right but to read the code', async () => {
  await pipeline.calls();
  const event = { workflow: 'ci.yml', event: 'push', payload: { ref: 'refs/heads/main' } } as const;
  // The others are the commands of this repository's own development: its tests would run themselves.
  const run = await pipeline.run({ ...event, job: 'security-scan' });
  expect(run.jobs, run.log).toEqual({ 'security-scan': 'success' });
  await pipeline.leastRights('ci.yml', run);
});

test('a push that changes nothing of it deploys nothing', async () => {
  pipeline.commit('a word in the README');
  const run = await pipeline.run(pushed());
  expect(run.code, run.log).toBe(0);
  expect(run.jobs).toEqual({ preflight: 'success' });
});

test('a pull request shows what it would change, in one comment that is changed in place', async () => {
  await pipeline.seed({ pulls: [{ number: 7, head: pipeline.git('rev-parse', 'HEAD') }] });
  pipeline.git('checkout', '-q', '-b', 'bigger');
  pipeline.edit('Pulumi.staging.yaml', (text) =>
    text.replace('sluice:version: v1.0.0', 'sluice:version: v2.0.0'),
  );
  pipeline.commit('version 2 in staging');
  await pipeline.calls();
  const first = await pipeline.run(pull('azora/azora', `bigger"; touch ${pwned()}; $(touch ${pwned()})`));
  expect(first.code, first.log).toBe(0);
  expect(first.jobs).toEqual({ preview: 'success' });
  const comments = async () => (await pipeline.github()).comments.filter((c) => c.pull === 7);
  const [comment] = await comments();
  expect(comment?.body).toContain('staging');
  expect(comment?.body).toContain('production');
  expect(comment?.body).toContain('v2.0.0');
  await pipeline.leastRights('preview.yml', first);
  await pipeline.run(pull('azora/azora', 'bigger'));
  expect((await comments()).map((c) => [c.id, c.updates])).toEqual([[comment?.id, 1]]);
  expect(await versionsServed()).toEqual(all('1.0.0'));
  expect(existsSync(pwned())).toBe(false);
});

test('a pull request from a fork, without any secret, is checked and says what is missing', async () => {
  await pipeline.calls();
  const run = await pipeline.run({ ...pull('mallory/azora', `x";touch ${pwned()};"`), fork: true });
  expect(run.code, run.log).toBe(0);
  expect(run.jobs).toEqual({ 'without-credentials': 'success' });
  expect(run.summaries['without-credentials']).toContain('no credentials');
  expect(run.given.map((g) => g.action)).toEqual(['actions/checkout', 'actions/setup-node']);
  expect(await pipeline.calls()).toEqual([]);
  expect(existsSync(pwned())).toBe(false);
});

test('versions made of quotes, newlines, $(…), ; and Unicode are refused as text and run nothing', async () => {
  const runs = await Promise.all(
    HOSTILE().map((version) => pipeline.run(dispatched('deploy-staging.yml', { version }))),
  );
  for (const run of runs) {
    expect(run.jobs, run.log).toEqual({ preflight: 'failure' });
    expect(run.printed['preflight']).toContain('is no version that can be deployed');
  }
  expect(existsSync(pwned())).toBe(false);
  expect(await versionsServed()).toEqual(all('1.0.0'));
});
