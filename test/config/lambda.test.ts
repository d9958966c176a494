import { describe, expect, it } from 'vitest';
import { parseApp } from '../../config/app.ts';
import { parseRelease } from '../../config/release.ts';
import { freeze } from '../../release/core/freeze.ts';
import { digest } from '../support/releases.ts';
import { minimal, problemLines, reasons } from './fixtures.ts';

const TESTS = [{ name: 'greets', payload: { name: 'Ada' }, expect: { message: 'Hello, Ada!' } }];
const functions = (more: Readonly<Record<string, unknown>> = {}, own: Record<string, unknown> = {}) =>
  minimal({
    services: { greet: { memory: '256 MiB', function: { timeout: '3 seconds', tests: TESTS }, ...own } },
    lambda: { artifacts: 'shop-artifacts' },
    ...more,
  });

describe('an application of functions', () => {
  it('is shifted at 10 and 100 %, its artifacts are named by service in one bucket', () => {
    const app = parseApp(functions(), { stack: 'production' });
    expect(app.target).toEqual({ kind: 'lambda', artifacts: 'shop-artifacts', alias: 'live' });
    expect(app.stages.map((s) => s.traffic)).toEqual([10, 100]);
    expect(app.images).toMatchObject({ repository: 's3://shop-artifacts/{service}', registry: 's3' });
    expect(app.smoke.tests).toEqual([]);
    expect(app.services['greet']?.function).toEqual({
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      architecture: 'arm64',
      timeout: 3000,
      tests: [{ ...TESTS[0], within: 3000 }],
    });
  });

  it('takes payloads and expected answers into the frozen slot, which can be read again', () => {
    const app = parseApp(functions(), { stack: 'production' });
    const deployment = '1700000001-aaaaaaaaaaaa';
    const image = `s3://shop-artifacts/greet@${digest(1)}`;
    const slot = freeze(app, { version: 'v1.0.0', deployment, images: { greet: image }, secrets: {} });
    const release = {
      format: 1,
      serial: 0,
      replaces: null,
      deployment,
      slots: { blue: slot },
      traffic: { blue: 100, green: 0 },
    };
    const text = JSON.stringify(release);
    expect(parseRelease(JSON.parse(text)).slots.blue?.services['greet']?.function?.tests).toEqual([
      { ...TESTS[0], within: 3000 },
    ]);
  });

  it('is told everything that functions do not have, at once', () => {
    const own = { port: 3000, path: '/x', cpu: '1 vCPU', memory: '64 MiB', kind: 'worker' };
    expect(reasons(functions({ strategy: 'rolling' }, own))).toEqual(
      expect.arrayContaining([
        'services.greet.path: a function has none',
        'services.greet.port: a function has none',
        'services.greet.cpu: a function has none',
        'services.greet.kind: a function is no worker',
        'services.greet.memory: is no size that Lambda has',
        'strategy: published versions are not replaced in place',
      ]),
    );
  });

  it('says that a service has no function, or that a function has nothing to run on', () => {
    expect(reasons(functions({ services: { greet: {} } }))).toEqual([
      'services.greet.function: is missing: with `lambda` every service is a function',
    ]);
    const lost = functions({ services: { web: { path: '/*', port: 3000, function: {} } } });
    delete lost['lambda'];
    expect(reasons(lost)).toEqual([
      'services.web.function: stands there without `lambda`, so nothing would run it',
    ]);
  });

  it('refuses a payload that may take longer than the function, and two tests of one name', () => {
    const slow = [
      { name: 'a', payload: 1, within: '4 seconds' },
      { name: 'a', payload: null },
    ];
    const lines = problemLines(functions({}, { function: { timeout: '3 seconds', tests: slow } }));
    expect(lines.join('\n')).toContain('tests[0].within: is longer than the function may run');
    expect(lines.join('\n')).toContain('tests[1].name: is the name of another test');
  });
});

describe('strategies', () => {
  const stagesOf = (more: Readonly<Record<string, unknown>>) =>
    parseApp(minimal(more), { stack: 'production' }).stages.map((s) => s.traffic);

  it('are canary unless told, with any number of stages', () => {
    expect(stagesOf({})).toEqual([5, 50, 100]);
    const four = [1, 10, 40, 100].map((n) => ({ name: `at-${n}`, traffic: `${n} %`, bake: '1 minute' }));
    expect(stagesOf({ stages: four })).toEqual([1, 10, 40, 100]);
  });

  it('give blueGreen one stage of 100 %, and refuse more', () => {
    expect(stagesOf({ strategy: 'blueGreen' })).toEqual([100]);
    const two = [50, 100].map((n) => ({ name: `at-${n}`, traffic: `${n} %`, bake: '1 minute' }));
    expect(reasons(minimal({ strategy: 'blueGreen', stages: two }))).toEqual([
      'stages: are several, and `strategy: blueGreen` moves all traffic at once',
    ]);
  });
});
