import { describe, expect, it } from 'vitest';
import { requestOf, runLink } from '../../cli/run-release.ts';
import { readStackConfig } from '../../cli/session/stack-config.ts';
import { World } from '../support/world.ts';

const config = readStackConfig('production');

const unslept = () => Promise.resolve();
const secondOf = (deployment: string): number => Number(deployment.split('-')[0]);

describe('the request of a deployment', () => {
  it('takes the next second when one of the same commit began in this one', async () => {
    const world = await new World().withV1();
    const session = { config, clock: world.clock };
    const intent = { version: 'v2.0.0', reason: 'a release' };
    const first = await requestOf(session, world.options(), intent);
    await world.deploy('v2.0.0', { until: { phase: 'preflight' } }, { deployment: first.deployment });
    const sameSecond = {
      ...session,
      clock: { sleep: unslept, now: () => secondOf(first.deployment) * 1_000 },
    };
    const second = await requestOf(sameSecond, world.options(), intent);
    expect(second.deployment.split('-')[1]).toBe(first.deployment.split('-')[1]);
    expect(secondOf(second.deployment)).toBe(secondOf(first.deployment) + 1);
  });

  it('names the tag, or what is checked out where there is none, and the run that it is', async () => {
    const world = new World();
    const session = { config, clock: world.clock };
    const request = (version: string) => requestOf(session, world.options(), { version, reason: 'x' });
    expect((await request('v2.0.0')).ref).toBe('refs/tags/v2.0.0');
    expect((await request('v9.9.9')).ref).toBe('refs/heads/main');
    const run = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'a/b', GITHUB_RUN_ID: '7' };
    expect(runLink(run)).toBe('https://github.com/a/b/actions/runs/7');
    expect(runLink({})).toBeUndefined();
  });
});
