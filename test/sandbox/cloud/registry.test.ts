import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Registry } from '../../../sandbox/cloud/registry.ts';

let place = '';
let source = '';
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'registry-'));
  source = mkdtempSync(join(tmpdir(), 'source-'));
  writeFileSync(join(source, 'main.js'), 'console.log(1)');
});
afterEach(() => {
  for (const path of [place, source]) rmSync(path, { recursive: true, force: true });
});

const publish = (registry: Registry, change: { tag?: string; environment?: Record<string, string> } = {}) =>
  registry.publish({ repository: 'docker.io/azora/auth', tag: 'v1', directory: source, ...change });

test('the digest depends on files and environment alone', async () => {
  const [one, other] = [new Registry(place), new Registry(join(place, 'other'))];
  const first = await publish(one);
  expect(first.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect((await publish(other, { tag: 'v7' })).digest).toBe(first.digest);
  expect((await publish(one, { environment: { A: '1' } })).digest).not.toBe(first.digest);
  writeFileSync(join(source, 'main.js'), 'console.log(2)');
  expect((await publish(one)).digest).not.toBe(first.digest);
});

test('an image stays as it was published, and a moved tag leaves the digest findable', async () => {
  const registry = new Registry(place);
  const first = await publish(registry);
  writeFileSync(join(source, 'main.js'), 'console.log(2)');
  const second = await publish(registry);
  expect(readFileSync(join(first.directory, 'main.js'), 'utf8')).toBe('console.log(1)');
  expect(registry.find('docker.io/azora/auth:v1')?.digest).toBe(second.digest);
  expect(registry.find(`docker.io/azora/auth@${first.digest}`)?.directory).toBe(first.directory);
  expect(registry.find(`docker.io/azora/auth:v1@${first.digest}`)?.digest).toBe(first.digest);
});

test('what was never published is not found, and a folder without main.js is no image', async () => {
  const registry = new Registry(place);
  await publish(registry);
  expect(registry.find('docker.io/azora/auth:v2')).toBeUndefined();
  expect(registry.find('docker.io/azora/other:v1')).toBeUndefined();
  rmSync(join(source, 'main.js'));
  await expect(publish(registry)).rejects.toThrow(/no main.js/);
});
