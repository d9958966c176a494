import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** The script that hosts get, with a docker that only writes down how it was called. */
const root = mkdtempSync(join(tmpdir(), 'sluice-host-script-'));
const SCRIPT = new URL('../../../infra/targets/hosts/host.sh', import.meta.url);
const environment = { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`, SLUICE_FOLLOW_LIMIT: '1' };

const host = (...words: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('sh', [join(root, 'sluice', 'host.sh'), ...words], {
    env: environment,
    encoding: 'utf8',
  });
  return {
    status,
    said: stdout
      .trim()
      .split('\n')
      .map((l) => l.trim()),
    failed: stderr,
  };
};

const give = (id: string, after: string): void => {
  const folder = join(root, 'releases', id);
  mkdirSync(folder, { recursive: true });
  const plan = {
    version: `v${id}`,
    parts: 'all',
    released: 'all',
    project_all: 'p',
    services_all: 'web',
    env_file: '.env',
    secrets: 'TOKEN',
    manifest: 'manifest.json',
    disk_free: 1,
    keep: 2,
    start_delay: 10,
    deploy_timeout: 10,
    health_timeout: 1,
    health_retries: 2,
    health_interval: 10,
    proxy: '',
    reload: '',
  };
  writeFileSync(
    join(folder, 'plan'),
    Object.entries(plan)
      .map(([k, v]) => `${k}=${v}\n`)
      .join(''),
  );
  writeFileSync(join(folder, 'manifest.json'), `{"version":"v${id}"}\n`);
  for (const name of ['endpoints', 'settings.env', 'compose.all.yaml']) writeFileSync(join(folder, name), '');
  writeFileSync(join(folder, 'after'), after);
};

beforeAll(() => {
  for (const folder of ['sluice', 'bin']) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(SCRIPT, join(root, 'sluice', 'host.sh'));
  // `exec` runs what it is given; everything else succeeds.
  writeFileSync(
    join(root, 'bin', 'docker'),
    `#!/bin/sh\nif [ "$1" = ps ]; then echo 'web Up 2 seconds (healthy)'; fi\ncase "$*" in *'exec -T'*) for last; do :; done; eval "$last" ;; esac\n`,
  );
  chmodSync(join(root, 'bin', 'docker'), 0o755);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const runs = (): string => readFileSync(join(root, 'manifest.json'), 'utf8').trim();

test('without the secrets nothing is touched; with them each release has a copy of its own', () => {
  give('1-a', '');
  expect(host('prepare', '1-a')).toMatchObject({
    status: 3,
    failed: `${root}/.env is missing: copy the env example there and fill it in\n`,
  });
  writeFileSync(join(root, '.env'), 'TOKEN=\n');
  expect(host('prepare', '1-a').failed).toBe(`${root}/.env has no value for: TOKEN\n`);
  writeFileSync(join(root, '.env'), 'TOKEN=first\n');
  expect(host('prepare', '1-a').status).toBe(0);
  expect(readFileSync(join(root, 'releases', '1-a', 'secrets.env'), 'utf8')).toBe('TOKEN=first\n');
});

test('a switch is done once: again it ends at once', () => {
  expect(host('switch', '1-a')).toMatchObject({ status: 0 });
  expect(runs()).toBe('{"version":"v1-a"}');
  expect(host('switch', '1-a').said).toEqual(['v1-a runs already']);
});

test('a command after the start that fails takes the release before up again: one message with why', () => {
  give('2-b', 'migrate web echo relation exists >&2; exit 1\n');
  host('prepare', '2-b');
  const { status, failed } = host('switch', '2-b');
  expect(status).toBe(4);
  expect(failed).toMatch(
    /^migrate failed: relation exists ; v1-a runs again with its settings \(log on the host: .*\)\n$/,
  );
  expect(runs()).toBe('{"version":"v1-a"}');
});

test('a caller that is gone: the work goes back by itself, although the new release is healthy', async () => {
  give('3-c', 'wait web sleep 1\n');
  host('prepare', '3-c');
  const caller = spawn('sh', [join(root, 'sluice', 'host.sh'), 'switch', '3-c'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise<void>((resolve) => {
    caller.stdout.once('data', () => resolve());
  });
  // As a lost connection does: what it writes next reaches nobody.
  caller.stdout.destroy();
  const result = join(root, 'state', 'result-3-c');
  for (let i = 0; i < 100 && !existsSync(result); i++) await delay(100);
  expect(readFileSync(result, 'utf8')).toBe(
    '4\nthe connection to the host was lost; v1-a runs again with its settings\n',
  );
  expect(runs()).toBe('{"version":"v1-a"}');
  const results = readFileSync(join(root, 'records.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((l) => (JSON.parse(l) as { result: string }).result);
  expect(results).toEqual(['success', 'rolled_back', 'rolled_back']);
});

test('the work in hand is not disturbed by another release, and a dead lock is taken over', () => {
  give('4-d', '');
  host('prepare', '4-d');
  mkdirSync(join(root, 'state', 'lock'));
  writeFileSync(join(root, 'state', 'lock', 'deployment'), '9-z\n');
  writeFileSync(join(root, 'state', 'lock', 'pid'), `${process.pid}\n`);
  expect(host('switch', '4-d')).toMatchObject({ status: 3, failed: '9-z is under way on this host\n' });
  writeFileSync(join(root, 'state', 'lock', 'pid'), '999999999\n');
  expect(host('switch', '4-d').status).toBe(0);
  expect(runs()).toBe('{"version":"v4-d"}');
});
