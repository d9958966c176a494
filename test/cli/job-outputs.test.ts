import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeJobOutputs } from '../../cli/job-outputs.ts';
import { githubOf } from '../../cli/session/github.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-outputs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('outputs of a job', () => {
  it('are added to what is there, one line each: no value begins another output', () => {
    const file = join(folder, 'output');
    writeFileSync(file, 'before=1\n');
    writeJobOutputs({ deployment: '1700000000-aaaaaaaaaaaa', result: 'x\nadmin=true\r\ny' }, file);
    expect(readFileSync(file, 'utf8')).toBe(
      'before=1\ndeployment=1700000000-aaaaaaaaaaaa\nresult=x admin=true y\n',
    );
  });

  it('outside a job go nowhere; a file that cannot be written is bad input', () => {
    writeJobOutputs({ deployment: 'x' }, '');
    expect(() => writeJobOutputs({ deployment: 'x' }, join(folder, 'no', 'such'))).toThrow(/GITHUB_OUTPUT/);
  });
});

describe('which GitHub is asked', () => {
  const app = { repository: 'azora/azora' };
  const sandbox = { GITHUB_API_URL: 'http://127.0.0.1:1', GITHUB_TOKEN: 'local' };

  it('none without a repository or a token', () => {
    expect(githubOf({ repository: undefined }, sandbox, {})).toBeUndefined();
    expect(githubOf(app, {}, {})).toBeUndefined();
    expect(githubOf(app, {}, { GITHUB_TOKEN: '' })).toBeUndefined();
    expect(githubOf(app, {}, { GITHUB_TOKEN: 'x' })).toBeDefined();
  });

  it('the sandbox’s own in a sandbox: a real token of the shell never goes there', async () => {
    const asked: { url: string; token: string | null }[] = [];
    const original = globalThis.fetch;
    globalThis.fetch = (url, init) => {
      asked.push({
        url: url instanceof Request ? url.url : new URL(url).href,
        token: new Headers(init?.headers).get('authorization'),
      });
      return Promise.resolve(new Response('{}', { status: 404 }));
    };
    try {
      const shell = { GITHUB_API_URL: 'https://api.github.com', GITHUB_TOKEN: 'real' };
      await githubOf(app, sandbox, shell)?.tags.find('v1');
      await githubOf(app, sandbox, { ...sandbox, GITHUB_TOKEN: 'of-a-job' })?.tags.find('v1');
      await githubOf(app, {}, { GITHUB_TOKEN: 'real' })?.tags.find('v1');
    } finally {
      globalThis.fetch = original;
    }
    expect(asked.map((a) => [new URL(a.url).origin, a.token])).toEqual([
      ['http://127.0.0.1:1', 'Bearer local'],
      ['http://127.0.0.1:1', 'Bearer of-a-job'],
      ['https://api.github.com', 'Bearer real'],
    ]);
  });
});
