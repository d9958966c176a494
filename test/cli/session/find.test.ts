import { describe, expect, it } from 'vitest';
import { meansAws } from '../../../cli/session/find.ts';

const SANDBOX = { SLUICE_SANDBOX: 'http://127.0.0.1:1', SLUICE_SANDBOX_TOKEN: 'x' };
const BACKEND = { PULUMI_BACKEND_URL: 's3://azora-state' };
const LOGIN = { PULUMI_ACCESS_TOKEN: 'pul-x' };

describe('where a command works', () => {
  it.each([
    ['a sandbox is addressed', SANDBOX, false, false],
    ['a sandbox is addressed and has the real engine', { ...SANDBOX, ...BACKEND }, true, false],
    ['a backend alone is named', BACKEND, false, true],
    ['a backend alone is named beside a folder’s local cloud', BACKEND, true, true],
    ['a login at Pulumi Cloud, without a local cloud', LOGIN, false, true],
    ['a login at Pulumi Cloud never hides the local cloud of the folder', LOGIN, true, false],
    ['nothing is named', {}, false, false],
  ])('%s', (_, environment, sandboxHere, aws) => {
    expect(meansAws(environment, sandboxHere)).toBe(aws);
  });
});
