import { describe, expect, it } from 'vitest';
import type { App } from '../../config/types.ts';
import { refused } from '../../lib/errors.ts';
import type { CheckResult, Github } from '../../release/ports/github.ts';
import type { Outcome, Ports } from '../../release/runner/types.ts';
import { digest } from '../support/releases.ts';
import { World } from '../support/world.ts';

const COMMIT = 'c'.repeat(40);
const OTHER = 'd'.repeat(40);

const result = (state: CheckResult['state'], word: string, commit = COMMIT): CheckResult => ({
  commit,
  state,
  word,
  link: 'https://github.com/azora/azora/runs/1',
});

interface Seen {
  readonly of?: CheckResult;
  readonly lastPassed?: string;
  readonly tag?: string;
  readonly merged?: boolean;
}

const unused = () => Promise.reject(new Error('not asked for in these tests'));

const fakeGithub = (seen: Seen): Github => ({
  checks: {
    of: () => Promise.resolve(seen.of),
    lastPassed: () => Promise.resolve(seen.lastPassed),
  },
  tags: {
    find: () => Promise.resolve(seen.tag ?? COMMIT),
    isOnDefaultBranch: () => Promise.resolve(seen.merged ?? true),
  },
  deployments: { find: unused, create: unused, setStatus: unused },
  comments: { pullsOf: unused, list: unused, create: unused, update: unused },
  reviews: { ofRun: unused, me: unused },
});

/** One short stage: these tests are about what comes before it. */
const SHORT: Partial<App> = { stages: [{ name: 'full', traffic: 100, bake: 10_000 }] };

const REQUIRED: Partial<App['checks']> = { mode: 'require', required: ['ci-test.yml'], tag: true };

const deploy = async (
  checks: Partial<App['checks']>,
  ports: Partial<Ports>,
  app: (app: App) => Partial<App> = () => ({}),
): Promise<{ outcome: Outcome; world: World; updates: number }> => {
  const plain = new World().app;
  const world = await new World({
    repository: 'azora/azora',
    ...SHORT,
    checks: { ...plain.checks, mode: 'run', commands: {}, required: [], tag: false, after: undefined },
  }).withV1();
  Object.assign(world.app, { ...app(plain), checks: { ...world.app.checks, ...checks } });
  const updates = world.cloud.updates;
  const outcome = await world.deploy('v2.0.0', { ports: { ...world.options().ports, ...ports } });
  return { outcome, world, updates };
};

/** Nothing but the answer: exit 3, no update, no lease, v1 with all the traffic. */
const refusedWith = async (
  checks: Partial<App['checks']>,
  ports: Partial<Ports>,
  app?: (app: App) => Partial<App>,
): Promise<{ why: string; hint: string | undefined }> => {
  const { outcome, world, updates } = await deploy(checks, ports, app);
  expect(outcome).toMatchObject({ result: 'refused', exit: 3 });
  expect(world.cloud.updates).toBe(updates);
  expect(world.serving()).toEqual({ 'v1.0.0': 100 });
  expect(outcome.state.lease).toBeUndefined();
  return { why: outcome.why, hint: outcome.hint };
};

describe('required checks of the very commit', () => {
  it('passed: the release goes on', async () => {
    const github = fakeGithub({ of: result('passed', 'success') });
    expect((await deploy(REQUIRED, { github })).outcome.result).toBe('success');
  });

  it.each([
    ['missing everywhere', {}, 'required check ci-test.yml never ran on cccccccccccc'],
    [
      'green on another commit',
      { lastPassed: OTHER },
      'required check ci-test.yml never ran on cccccccccccc; it passed on dddddddddddd, which is another commit',
    ],
    [
      'answered for another commit',
      { of: result('passed', 'success', OTHER) },
      'required check ci-test.yml: the answer is about dddddddddddd, not about cccccccccccc',
    ],
    [
      'pending',
      { of: result('pending', 'in_progress') },
      'required check ci-test.yml has not ended on cccccccccccc (in_progress)',
    ],
    [
      'failed',
      { of: result('failed', 'failure') },
      'required check ci-test.yml did not pass on cccccccccccc (failure)',
    ],
    [
      'cancelled',
      { of: result('failed', 'cancelled') },
      'required check ci-test.yml did not pass on cccccccccccc (cancelled)',
    ],
    [
      'skipped',
      { of: result('skipped', 'skipped') },
      'required check ci-test.yml was skipped on cccccccccccc: it shows nothing',
    ],
  ] as const)('%s: one clear message with what to do, nothing changed', async (_, seen: Seen, message) => {
    const { why, hint } = await refusedWith(REQUIRED, { github: fakeGithub(seen) });
    expect(why).toBe(message);
    expect(hint).toMatch(/deploy .*https:\/\/github\.com\/azora\/azora\//);
  });

  it('GitHub down: refused with its message, beside everything else that is wrong', async () => {
    const silent = () => Promise.reject(refused('GitHub: GET /x: answered 503', 'start again'));
    const github = { ...fakeGithub({}), checks: { of: silent, lastPassed: silent } };
    const { why } = await refusedWith(REQUIRED, { github }, (app) => ({
      secrets: { ...app.secrets, OTHER: 'missing' },
    }));
    expect(why.split('\n')).toEqual([
      'GitHub: GET /x: answered 503',
      'secret missing (OTHER) does not exist',
    ]);
  });

  it('nobody to ask: refused, not skipped', async () => {
    const { why, hint } = await refusedWith(REQUIRED, {});
    expect(why).toContain('there is no token for GitHub');
    expect(hint).toContain('GITHUB_TOKEN');
  });
});

describe('the tag', () => {
  it('moved since: refused, with both commits', async () => {
    const github = fakeGithub({ of: result('passed', 'success'), tag: OTHER });
    const { why } = await refusedWith(REQUIRED, { github });
    expect(why).toBe('tag v2.0.0 is cccccccccccc here and dddddddddddd on GitHub: it was moved');
  });

  it('of a commit that is not on the default branch, as a hotfix: said in the record, not refused', async () => {
    const github = fakeGithub({ of: result('passed', 'success'), merged: false });
    const { outcome, world } = await deploy(REQUIRED, { github });
    expect(outcome.result).toBe('success');
    const told = world.record(outcome.deployment)?.findings.filter((f) => f.level === 'warn') ?? [];
    expect(told.map((f) => f.message).join()).toContain('is not on the default branch');
  });
});

describe('checks that run inside', () => {
  const tasks = (codes: Readonly<Record<string, number>>, ran: string[]): Ports['tasks'] => ({
    run: (command, environment, onLine) => {
      ran.push(`${command} ${environment['SLUICE_CHECK_LEVEL'] ?? ''}`);
      onLine(`${command} says 3 problems`);
      return Promise.resolve({ exitCode: codes[command] ?? 0 });
    },
    list: () => Promise.resolve([]),
  });
  const commands = { lint: 'npm run lint', audit: 'npm audit' };

  it('all pass: the release goes on', async () => {
    const ran: string[] = [];
    const { outcome } = await deploy({ mode: 'run', level: 'quick', commands }, { tasks: tasks({}, ran) });
    expect(outcome.result).toBe('success');
    expect(ran).toEqual(['npm run lint quick', 'npm audit quick']);
  });

  it('one fails: every failing one is named with its last lines', async () => {
    const { why } = await refusedWith(
      { mode: 'run', commands },
      { tasks: tasks({ 'npm run lint': 1, 'npm audit': 2 }, []) },
    );
    expect(why).toBe(
      'check lint ended with 1\n  npm run lint says 3 problems\ncheck audit ended with 2\n  npm audit says 3 problems',
    );
  });

  it('are not begun for a release that is refused anyway', async () => {
    const ran: string[] = [];
    await refusedWith(
      { mode: 'run', commands, tag: true },
      {
        tasks: tasks({}, ran),
        source: { tag: () => Promise.resolve(undefined), head: unused },
      },
    );
    expect(ran).toEqual([]);
  });
});

describe('what is promoted', () => {
  const promote = (app: App): Partial<App> => ({
    images: { ...app.images, artifacts: 'promote', build: undefined },
  });
  const services = ['api', 'auth', 'mailer'];
  const repository = (service: string): string => `docker.io/azora/${service}`;
  const images = (n: number | undefined): Pick<Ports, 'images'> => ({
    images: {
      find: (name) => Promise.resolve(n === undefined ? undefined : `${name}@${digest(n)}`),
      build: unused,
    },
  });
  const ran = (n: number, status: 'success' | 'rolled_back' = 'success'): Pick<Ports, 'elsewhere'> => ({
    elsewhere: () =>
      Promise.resolve({
        deployment: '1700000000-aaaaaaaaaaaa',
        status,
        images: Object.fromEntries(services.map((s) => [s, `${repository(s)}@${digest(n)}`])),
      }),
  });
  const world = async (ports: Partial<Ports>) => {
    const first = await new World(SHORT).withV1();
    Object.assign(first.app, {
      ...promote(first.app),
      checks: { ...first.app.checks, required: [], tag: false, after: 'staging' },
    });
    const updates = first.cloud.updates;
    const outcome = await first.deploy('v2.0.0', { ports: { ...first.options().ports, ...ports } });
    return { outcome, changed: first.cloud.updates - updates };
  };

  it('is what staging ran: the same digests go to production', async () => {
    const { outcome } = await world({ ...images(7), ...ran(7) });
    expect(outcome.result).toBe('success');
    expect(outcome.state.target?.services['api']?.image).toBe(`${repository('api')}@${digest(7)}`);
  });

  it('staging ran other digests: refused for every service, with both', async () => {
    const { outcome, changed } = await world({ ...images(8), ...ran(7) });
    expect(outcome).toMatchObject({ result: 'refused', exit: 3 });
    expect(changed).toBe(0);
    expect(outcome.why.split('\n')).toHaveLength(services.length);
    expect(outcome.why).toMatch(
      /staging ran sha256:\w{12} of api \(1700000000-a+\), but v2\.0\.0 is sha256:\w{12}/,
    );
  });

  it('gone from the registry: refused before anything, not at the first update', async () => {
    const { outcome, changed } = await world({ ...images(undefined), ...ran(7) });
    expect(outcome).toMatchObject({ result: 'refused', exit: 3 });
    expect(outcome.why).toContain('image of api v2.0.0 is not in the registry any more');
    expect(changed).toBe(0);
  });

  it('rolled back in staging: refused', async () => {
    const { outcome, changed } = await world({ ...images(7), ...ran(7, 'rolled_back') });
    expect(outcome).toMatchObject({ result: 'refused', exit: 3 });
    expect(changed).toBe(0);
    expect(outcome.why).toContain('v2.0.0 ended rolled_back (1700000000-aaaaaaaaaaaa) in staging');
  });
});

describe('approval by who started it', () => {
  const asked = async (preventSelfReview: boolean) => {
    const world = await new World(SHORT).withV1();
    const { approval } = world.app;
    Object.assign(world.app, {
      approval: { ...approval, when: 'first', reviewers: ['Ada', 'grace'], preventSelfReview },
    });
    const updates = world.cloud.updates;
    const outcome = await world.deploy('v2.0.0', {}, { approvedBy: 'ada' });
    return { outcome, changed: world.cloud.updates - updates };
  };

  it('is refused where that is forbidden', async () => {
    const { outcome, changed } = await asked(true);
    expect(outcome).toMatchObject({ result: 'refused', exit: 3 });
    expect(outcome.why).toBe('ada started the deployment and may not approve it');
    expect(changed).toBe(0);
  });

  it('counts where it is allowed', async () => {
    expect((await asked(false)).outcome.result).toBe('success');
  });
});
