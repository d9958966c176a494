import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, ExpectedError } from '../../../../lib/errors.ts';
import { githubApi, type GithubSettings } from '../../../../release/adapters/github/index.ts';
import { putComment } from '../../../../release/adapters/github/marked-comment.ts';
import { startGithub, type LocalGithub } from '../../../../sandbox/cloud/github/server.ts';

const COMMIT = 'a'.repeat(40);
const OTHER = 'b'.repeat(40);
const REPOSITORY = 'azora/azora';
const TOKEN = `ghs_${'a1'.repeat(18)}`;

let github: LocalGithub;
const api = (change: Partial<GithubSettings> = {}) =>
  githubApi({
    api: github.url,
    token: TOKEN,
    repository: REPOSITORY,
    timeoutMs: 300,
    firstPauseMs: 1,
    ...change,
  });

beforeAll(async () => {
  github = await startGithub(TOKEN);
});
afterAll(() => github.close());
beforeEach(() => {
  github.state.break(undefined);
  github.state.repositories.clear();
  github.state.seed({
    repository: REPOSITORY,
    tags: { 'v2.0.0': COMMIT },
    branch: [COMMIT],
    pulls: [
      { number: 7, head: COMMIT },
      { number: 8, head: COMMIT, from: 'mallory/azora' },
    ],
  });
});

const failure = async (work: Promise<unknown>): Promise<ExpectedError> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (error instanceof ExpectedError) return error;
  throw new Error(`no expected error: ${String(error)}`);
};

describe('checks of a commit', () => {
  it('are those of exactly this commit, the newest of each name, by check and by workflow file', async () => {
    github.state.seed({
      repository: REPOSITORY,
      checks: [
        { name: 'test', commit: COMMIT, conclusion: 'failure' },
        { name: 'test', commit: COMMIT, conclusion: 'success' },
        { name: 'ci-test.yml', commit: OTHER, conclusion: 'success' },
        { name: 'ci-lint.yml', commit: COMMIT },
        { name: 'scan', commit: COMMIT, conclusion: 'skipped' },
      ],
    });
    const { checks } = api();
    expect(await checks.of('test', COMMIT)).toMatchObject({ state: 'passed', commit: COMMIT });
    expect(await checks.of('scan', COMMIT)).toMatchObject({ state: 'skipped' });
    expect(await checks.of('ci-lint.yml', COMMIT)).toMatchObject({ state: 'pending', word: 'in_progress' });
    expect(await checks.of('ci-test.yml', COMMIT)).toBeUndefined();
    expect(await checks.lastPassed('ci-test.yml')).toBe(OTHER);
    expect(await checks.lastPassed('test')).toBe(COMMIT);
    expect(await checks.of('nobody.yml', COMMIT)).toBeUndefined();
  });
});

describe('tags', () => {
  it('name their commit, and whether the main branch has it', async () => {
    const { tags } = api();
    expect(await tags.find('v2.0.0')).toBe(COMMIT);
    expect(await tags.find('v9.9.9')).toBeUndefined();
    expect(await tags.isOnDefaultBranch(COMMIT)).toBe(true);
    expect(await tags.isOnDefaultBranch(OTHER)).toBe(false);
  });
});

describe('a comment', () => {
  it('is one, changed in place behind 250 others, and never one of somebody else with the same mark', async () => {
    const port = api();
    github.state.seed({
      repository: REPOSITORY,
      tokens: [{ token: 'of-mallory', login: 'mallory', permissions: 'all' }],
    });
    const mallory = api({ token: 'of-mallory' });
    await mallory.comments.create(7, '<!-- sluice:preview -->\nmine');
    for (let n = 0; n < 125; n += 1)
      await Promise.all([mallory.comments.create(7, `a ${n}`), mallory.comments.create(7, `b ${n}`)]);
    expect(await putComment(port, 7, 'preview', 'first')).toBe('created');
    expect(await putComment(port, 7, 'preview', 'first')).toBe('unchanged');
    expect(await putComment(port, 7, 'preview', 'second')).toBe('updated');
    const all = github.state.repositories.get(REPOSITORY)?.comments ?? [];
    expect(all.filter((c) => c.by === 'sandbox').map((c) => c.body)).toEqual([
      '<!-- sluice:preview -->\nsecond',
    ]);
    expect(all[0]?.body).toBe('<!-- sluice:preview -->\nmine');
  });

  it('of a megabyte is cut to what GitHub takes', async () => {
    expect(await putComment(api(), 7, 'preview', 'ü'.repeat(1_000_000))).toBe('created');
    const [comment] = github.state.repositories.get(REPOSITORY)?.comments ?? [];
    expect(comment?.body.length).toBe(65_536);
    expect(comment?.body).toContain('cut here');
  });

  it('knows the pull requests of a commit and which come from forks', async () => {
    expect(await api().comments.pullsOf(COMMIT)).toEqual([
      { number: 7, fork: false, open: true },
      { number: 8, fork: true, open: true },
    ]);
  });
});

describe('a deployment', () => {
  it('is made once for one of ours, and found again by its id', async () => {
    const { deployments } = api();
    const wanted = {
      environment: 'production',
      deployment: '1700000000-aaaaaaaaaaaa',
      commit: COMMIT,
      version: 'v2.0.0',
      production: true,
    };
    expect(await deployments.find('production', wanted.deployment, COMMIT)).toBeUndefined();
    const number = await deployments.create(wanted);
    expect(await deployments.find('production', wanted.deployment, COMMIT)).toBe(number);
    expect(await deployments.find('staging', wanted.deployment, COMMIT)).toBeUndefined();
    await deployments.setStatus(number, {
      state: 'success',
      description: 'x'.repeat(500),
      environmentUrl: 'https://azora.world',
      logUrl: undefined,
    });
    const [made] = github.state.repositories.get(REPOSITORY)?.deployments ?? [];
    expect(made?.statuses).toMatchObject([{ state: 'success', environment_url: 'https://azora.world' }]);
  });
});

describe('GitHub that does not help', () => {
  const asks = () => api().checks.of('test', COMMIT);

  it('down: tried again, then one message; up again in time: nobody notices', async () => {
    github.state.break({ kind: 'down', times: 2 });
    expect(await asks()).toBeUndefined();
    github.state.break({ kind: 'down' });
    const error = await failure(asks());
    expect(error.exit).toBe(EXIT.refused);
    expect(error.message).toMatch(
      /^GitHub: GET \/repos\/azora\/azora\/commits\/a+\/check-runs: answered 503$/,
    );
    expect(error.hint).toContain('nothing was changed');
  });

  it('slow: given up after its time', async () => {
    github.state.break({ kind: 'slow', ms: 2_000 });
    const error = await failure(api({ timeoutMs: 40, tries: 2 }).checks.of('test', COMMIT));
    expect(error).toMatchObject({ exit: EXIT.refused });
    expect(error.message).toContain('no answer within 0.04 s');
  });

  it('rate-limited: a short limit is waited for, a long one is told with its end', async () => {
    github.state.break({ kind: 'rateLimited', seconds: 0, times: 1 });
    expect(await asks()).toBeUndefined();
    github.state.break({ kind: 'rateLimited', seconds: 1_800 });
    const error = await failure(asks());
    expect(error.exit).toBe(EXIT.refused);
    expect(error.message).toMatch(/the rate limit is used up until 2\d{3}-/);
    expect(github.state.fault).toBeDefined();
  });

  it('not to be reached at all, and no GitHub: one message each', async () => {
    expect((await failure(api({ api: 'http://127.0.0.1:9', tries: 2 }).tags.find('v1'))).exit).toBe(3);
    expect((await failure(api({ repository: '../..' }).deployments.create(NEW))).exit).toBe(3);
  });

  it('a token that is wrong or may too little: named by what it lacks, and never shown', async () => {
    const wrong = await failure(api({ token: 'ghp_wrongwrongwrongwrong1234' }).tags.find('v1'));
    expect(wrong.message).toContain('the token is not accepted');
    github.state.seed({
      repository: REPOSITORY,
      tokens: [{ token: 'few', permissions: { contents: 'read' } }],
    });
    const denied = await failure(api({ token: 'few' }).checks.of('test', COMMIT));
    expect(denied.hint).toContain('checks=read');
    for (const error of [wrong, denied])
      expect(`${error.message}${error.hint ?? ''}`).not.toContain('ghp_wrong');
    expect(await api({ token: 'few' }).reviews.me()).toBeUndefined();
  });
});

const NEW = { environment: 'x', deployment: 'y', commit: COMMIT, version: 'v1.0.0', production: false };
