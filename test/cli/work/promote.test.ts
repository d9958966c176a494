import { expect, it } from 'vitest';
import { promotedVersion, versionToPromote } from '../../../cli/work/promote.ts';
import { ExpectedError } from '../../../lib/errors.ts';

const DEPLOYMENT = '1700000000-abcdefabcdef';
const wanted = { deployment: DEPLOYMENT, stack: 'staging' };

const refusal = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return [error.exit, error.message, error.hint];
  }
};

it('a deployment that staging ran well gives its version', () => {
  expect(versionToPromote({ status: 'success', version: 'v2.0.0' }, wanted)).toBe('v2.0.0');
});

it('one that failed there, one of another version, one that there is not: refused before anything is opened', () => {
  const history = 'sluice history --stack staging';
  for (const status of ['failed', 'rolled_back'] as const)
    expect(refusal(() => versionToPromote({ status, version: 'v2.0.0' }, wanted))).toEqual([
      3,
      `deployment ${DEPLOYMENT} of v2.0.0 ended ${status} in staging`,
      history,
    ]);
  expect(refusal(() => versionToPromote(undefined, wanted))).toEqual([
    3,
    `staging has no deployment ${DEPLOYMENT}`,
    history,
  ]);
  const other = { ...wanted, version: 'v3.0.0' };
  expect(refusal(() => versionToPromote({ status: 'success', version: 'v2.0.0' }, other))).toEqual([
    3,
    `deployment ${DEPLOYMENT} is of v2.0.0, not of v3.0.0`,
    'leave --version out',
  ]);
});

it('what is no id is bad input, named with what it should look like', async () => {
  await expect(promotedVersion('yesterday', {})).rejects.toMatchObject({
    exit: 2,
    message: expect.stringMatching(
      /--promote: is no deployment id \(got "yesterday"; allowed: <unix seconds>-/,
    ) as string,
  });
});
