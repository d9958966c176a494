import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStack } from '../../../cli/session/find.ts';
import { dispatched, Pipeline, pushed, type Event } from './pipeline.ts';

/** Staging and pull requests by the rendered files, run by act against the local cloud and the real engine. */
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await Pipeline.open();
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
  const run = await pipeline.run(pushed());
  expect(run.code, run.log).toBe(0);
  expect(run.jobs).toEqual({ preflight: 'success', rollout: 'success', smoke: 'success', record: 'success' });
  expect(await versionsServed()).toEqual(all('1.0.0'));
  const deployment = run.outputs['preflight']?.['deployment'] ?? '';
  expect(deployment).toMatch(/^\d{10}-[0-9a-f]{12}$/);
  expect(run.summaries['record']).toContain(deployment);
  expect(readdirSync(pipeline.artifacts)).toContain(`deployment-record-${deployment}`);
  const [told] = (await pipeline.github()).deployments;
  expect(told).toMatchObject({ environment: 'staging' });
  expect(told?.statuses.at(-1)?.state).toBe('success');
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
  await pipeline.rightsUsed();
  const first = await pipeline.run(pull('azora/azora', `bigger"; touch ${pwned()}; $(touch ${pwned()})`));
  expect(first.code, first.log).toBe(0);
  expect(first.jobs).toEqual({ preview: 'success' });
  const [comment] = (await pipeline.github()).comments;
  expect(comment?.body).toContain('staging');
  expect(comment?.body).toContain('production');
  expect(comment?.body).toContain('v2.0.0');
  expect(await pipeline.rightsUsed()).toEqual(['pull_requests=read', 'pull_requests=write']);
  await pipeline.run(pull('azora/azora', 'bigger'));
  const after = (await pipeline.github()).comments;
  expect(after.map((c) => c.id)).toEqual([comment?.id]);
  expect(await versionsServed()).toEqual(all('1.0.0'));
  expect(existsSync(pwned())).toBe(false);
});

test('a pull request from a fork, without any secret, is checked and says what is missing', async () => {
  const run = await pipeline.run({ ...pull('mallory/azora', `x";touch ${pwned()};"`), fork: true });
  expect(run.code, run.log).toBe(0);
  expect(run.jobs).toEqual({ 'without-credentials': 'success' });
  expect(run.summaries['without-credentials']).toContain('no credentials');
  expect(run.given.map((g) => g.action)).toEqual(['actions/checkout', 'actions/setup-node']);
  expect((await pipeline.github()).comments).toHaveLength(1);
  expect(existsSync(pwned())).toBe(false);
});

test('versions made of quotes, newlines, $(…), ; and Unicode are refused as text and run nothing', async () => {
  for (const version of HOSTILE()) {
    const run = await pipeline.run(dispatched('deploy-staging.yml', { version }));
    expect(run.jobs, run.log).toEqual({ preflight: 'failure' });
    expect(run.printed['preflight']).toContain('is no version that can be deployed');
  }
  expect(existsSync(pwned())).toBe(false);
  expect(await versionsServed()).toEqual(all('1.0.0'));
});
