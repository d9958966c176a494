import { describe, expect, it } from 'vitest';
import { approverHere, requireApprover, takeReview } from '../../../cli/work/approval.ts';
import { EXIT, ExpectedError } from '../../../lib/errors.ts';
import { controlStore } from '../../../release/adapters/control.ts';
import type { Github, Review } from '../../../release/ports/github.ts';
import { World } from '../../support/world.ts';

const unused = () => Promise.reject(new Error('not asked for in these tests'));

const githubWith = (reviews: readonly Review[], me?: string): Github => ({
  checks: { of: unused, lastPassed: unused },
  tags: { find: unused, isOnDefaultBranch: unused },
  deployments: { find: unused, create: unused, setStatus: unused },
  comments: { pullsOf: unused, list: unused, create: unused, update: unused },
  reviews: { ofRun: () => Promise.resolve(reviews), me: () => Promise.resolve(me) },
});

const review = (
  by: string,
  state: Review['state'] = 'approved',
  environment = 'Production-Approval',
): Review => ({ by, state, environments: [environment] });

/** A deployment by ada that waits for a yes of grace or of the release team. */
const waiting = async () => {
  const world = await new World({ stages: [{ name: 'full', traffic: 100, bake: 30_000 }] }).withV1();
  const { approval } = world.app;
  const wanted = { when: 'first' as const, reviewers: ['grace', 'azora/release'], preventSelfReview: true };
  Object.assign(world.app, { approval: { ...approval, ...wanted } });
  const link = 'https://github.com/azora/azora/actions/runs/7';
  const { state, deployment } = await world.deploy('v2.0.0', { until: { phase: 'preflight' } }, { link });
  const outputs = world.cloud.outputs;
  if (outputs === undefined) throw new Error('the stack is up');
  const { lease, record, backup } = world.stores;
  const take = (github: Github | undefined, run: string | undefined = '7'): Promise<void> =>
    takeReview(
      { github, clock: world.clock, objects: () => ({ lease, record, backup }) },
      outputs,
      state,
      run,
    );
  const said = () => controlStore(lease, 'production').said(deployment, 0);
  return { world, state, deployment, take, said };
};

const failure = async (work: Promise<unknown>): Promise<ExpectedError> => {
  const error = await work.catch((e: unknown) => e);
  if (error instanceof ExpectedError) return error;
  throw new Error(`no expected error: ${String(error)}`);
};

describe('the job behind a reviewed environment', () => {
  it('hands the review to the deployment: it goes on, and the record names who approved', async () => {
    const { world, deployment, take } = await waiting();
    // A member of the team: GitHub knows who that is.
    await take(githubWith([review('mallory', 'rejected'), review('linus')]));
    const approved = await world.resume(deployment, 'continue', { until: { phase: 'approval' } });
    expect(approved).toMatchObject({ result: 'handedOn', exit: 0 });
    const end = await world.resume(deployment);
    expect(end.result).toBe('success');
    const record = world.record(deployment);
    expect(record?.change.approver).toBe('linus');
    expect(record?.timeline.map((e) => e.what)).toContain(
      'approved by linus (Production-Approval on GitHub)',
    );
  });

  it('refuses when only the author approved: exit 3, one sentence, nothing said to the deployment', async () => {
    const { take, said, world } = await waiting();
    const updates = world.cloud.updates;
    const error = await failure(take(githubWith([review('Ada')])));
    expect(error.exit).toBe(EXIT.refused);
    expect(error.message).toBe('Ada started the deployment and may not approve it');
    expect(await said()).toEqual([]);
    expect(world.cloud.updates).toBe(updates);
  });

  it('a review whose job comes too late is none: the deployment ends, and nothing was changed', async () => {
    const { world, state, deployment, take, said } = await waiting();
    const { updates } = world.cloud;
    await world.clock.sleep(state.settings.approval.timeout);
    await take(githubWith([review('linus')]));
    expect(await said()).toEqual([]);
    const end = await world.resume(deployment, 'continue', { until: { phase: 'approval' } });
    expect(end.exit).toBe(EXIT.refused);
    expect(end.why).toContain('nobody approved in time');
    expect(world.cloud.updates).toBe(updates);
  });

  it('without a review, a run or a token leaves the deployment waiting', async () => {
    const { take, said } = await waiting();
    await take(githubWith([]));
    await take(githubWith([review('grace', 'rejected')]));
    // The same run may have waited for staging, too.
    await take(githubWith([review('grace', 'approved', 'staging-approval')]));
    await take(undefined);
    // Approved in another run, which began something else.
    await take(githubWith([review('grace')]), '8');
    expect(await said()).toEqual([]);
  });
});

describe('who approves by hand', () => {
  it('is the login of the token, and is refused where it would not count', async () => {
    const { state } = await waiting();
    expect(await approverHere({ github: githubWith([], 'grace') })).toBe('grace');
    requireApprover(state, 'Grace');
    expect(() => requireApprover(state, 'ada')).toThrow('ada started the deployment and may not approve it');
    expect(() => requireApprover(state, 'mallory')).toThrow(
      'mallory is not among the reviewers (grace, azora/release)',
    );
  });
});
