import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/client.ts';
import { declare, remove, temporarySandbox } from '../cloud/stack.ts';

const COMMAND = 'command:local:Command';
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await temporarySandbox({ cwd: process.cwd() });
});
afterAll(() => sandbox.close());

test('a command runs in the working folder, with its environment and the addresses of the sandbox', async () => {
  const made = await declare(sandbox, COMMAND, 'show', {
    create: 'pwd; echo "$MODE $AWS_ENDPOINT_URL_S3 $SLUICE_SANDBOX"; node -v; echo note >&2; cat',
    environment: { MODE: 'migrate' },
    stdin: 'given',
    logging: 'none',
  });
  const lines = String(made.outputs['stdout']).split('\n');
  expect(lines).toEqual([process.cwd(), `migrate ${sandbox.s3} ${sandbox.url}`, process.version, 'given']);
  expect(made.outputs['stderr']).toBe('note');
  expect(readFileSync(join(sandbox.directory, 'daemon.log'), 'utf8')).not.toContain('note');
});

test('a failing command fails the resource with its exit code and last lines', async () => {
  await expect(
    declare(sandbox, COMMAND, 'migrate', { create: 'echo applying 2; echo "column exists" >&2; exit 3' }),
  ).rejects.toThrow(/migrate: ended with exit code 3\napplying 2\ncolumn exists/);
});

test('a changed command runs again in place with what it said before; changed triggers replace it; delete cleans up', async () => {
  const file = join(sandbox.directory, 'written');
  const news = { create: `echo one > ${file}; echo first`, delete: `rm ${file}`, triggers: ['v1'] };
  const made = await declare(sandbox, COMMAND, 'write', news);
  const changed = { ...news, create: `echo "$PULUMI_COMMAND_STDOUT again" > ${file}` };
  const request = { ...made, olds: made.outputs, oldInputs: made.inputs, ignoreChanges: [] };
  expect(await sandbox.provider.diff({ ...request, news: changed })).toMatchObject({
    changes: true,
    replaces: [],
  });
  const replaced = await sandbox.provider.diff({ ...request, news: { ...news, triggers: ['v2'] } });
  expect(replaced).toMatchObject({
    replaces: ['triggers'],
    detailed: { 'triggers[0]': { kind: 'update-replace' } },
  });
  const { outputs } = await sandbox.provider.update({
    ...request,
    news: changed,
    preview: false,
    timeout: 0,
  });
  expect(readFileSync(file, 'utf8')).toBe('first again\n');
  await remove(sandbox, { ...made, outputs });
  expect(existsSync(file)).toBe(false);
});

test('a command that is cancelled, or takes too long, is killed with its children', async () => {
  const file = join(sandbox.directory, 'late');
  const urn = `urn:pulumi:production::sluice::${COMMAND}::slow`;
  const inputs = { create: `(sleep 1; echo late > ${file}) & sleep 60` };
  const abort = new AbortController();
  const call = sandbox.provider.create(
    { urn, type: COMMAND, inputs, preview: false, timeout: 0 },
    abort.signal,
  );
  setTimeout(() => abort.abort(), 200);
  await expect(call).rejects.toThrow(/abort/i);
  await expect(
    sandbox.provider.create({ urn, type: COMMAND, inputs, preview: false, timeout: 0.3 }),
  ).rejects.toThrow(/did not end within 0.3 s/);
  await delay(1_300);
  expect(existsSync(file)).toBe(false);
});

test('a planted fault fails the call it names, once, before anything is done', async () => {
  const file = join(sandbox.directory, 'done');
  writeFileSync(file, 'no');
  await sandbox.call('POST', '/faults', {
    kind: 'resource',
    on: 'create',
    urn: '*::chosen',
    fail: 'InternalError: try later',
  });
  const again = () => declare(sandbox, COMMAND, 'chosen', { create: `echo yes > ${file}` });
  await expect(again()).rejects.toThrow('InternalError: try later');
  expect(readFileSync(file, 'utf8')).toBe('no');
  await again();
  expect(readFileSync(file, 'utf8')).toBe('yes\n');
});
