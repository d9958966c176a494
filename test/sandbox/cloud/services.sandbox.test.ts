import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sandboxProber } from '../../../sandbox/adapters/prober.ts';
import { sandboxTasks } from '../../../sandbox/adapters/tasks.ts';
import { sandboxSecrets } from '../../../sandbox/adapters/secrets.ts';
import { startTraffic } from '../../../sandbox/traffic/client.ts';
import { PartialFailure } from '../../../sandbox/provider/contract.ts';
import type { Sandbox } from '../../../sandbox/client.ts';
import { APPLICATION, authStack, declare, remove, temporarySandbox, type TestStack } from './stack.ts';

let sandbox: Sandbox;
let stack: TestStack;
beforeAll(async () => {
  sandbox = await temporarySandbox({ steadySeconds: 10 });
  stack = await authStack(sandbox);
});
afterAll(() => sandbox.close());

test('a service is made steady, replaced step by step without a failed request, and taken down', async () => {
  const [v1, v2] = [await stack.definition('v1.0.0'), await stack.definition('v2.0.0')];
  const service = await stack.service('blue', v1);
  const run = startTraffic({
    url: stack.url,
    rate: 300,
    visits: [{ method: 'GET', path: '/auth/session', weight: 1 }],
  });
  const news = { ...service.inputs, taskDefinition: v2.outputs['arn'] };
  const updated = await sandbox.provider.update({
    urn: service.urn,
    type: service.type,
    id: service.id,
    olds: service.outputs,
    oldInputs: service.inputs,
    news,
    preview: false,
    timeout: 0,
  });
  const summary = await run.stop();
  expect(summary.failures).toEqual([]);
  const answer = await fetch(`${stack.url}/auth/health`);
  expect(await answer.json()).toMatchObject({ version: '2.0.0' });
  expect(updated.outputs).toMatchObject({ taskDefinition: v2.outputs['arn'], arn: service.id });
  const [running] = (await sandbox.status()).services;
  expect(running).toMatchObject({ running: 1, steady: true });
  await remove(sandbox, { ...service, outputs: updated.outputs });
  await remove(sandbox, { ...service, outputs: updated.outputs });
  expect((await sandbox.status()).services).toEqual([]);
  expect(running?.pids.some((pid) => existsSync(`/proc/${pid}`))).toBe(false);
  expect((await fetch(`${stack.url}/auth/session`)).status).toBe(503);
});

test('a version that never comes up fails with the reason, stays known, and is removed', async () => {
  const crashing = await stack.definition('v2.0.0', { FAULT_CRASH: '1' });
  const change = { deploymentCircuitBreaker: { enable: true, rollback: false } };
  const failure = await stack.service('green', crashing, change).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(PartialFailure);
  const { message, id, outputs } = failure as PartialFailure;
  expect(message).toMatch(/did not become steady after 3 starts/);
  expect(message).toMatch(/exit code 1/);
  expect(message).toMatch(/AZORA_FEATURES is malformed/);
  expect(id).toContain('service/');
  await sandbox.provider.delete({
    urn: 'urn:x::y',
    type: 'aws:ecs/service:Service',
    id,
    outputs,
    timeout: 0,
  });
  expect((await sandbox.status()).services).toEqual([]);
});

test('a task beside a service has its image and its environment; told to stop, its processes end', async () => {
  const definition = await stack.definition('v2.0.0', { TABLE: 'courses' });
  const tasks = sandboxTasks(sandbox, {
    taskDefinition: String(definition.outputs['arn']),
    timeoutMs: 60_000,
  });
  const lines: string[] = [];
  const command = 'echo "$TABLE $VERSION"; ls main.js; exit 3';
  const ended = await tasks.run(command, { VERSION: 'v2.0.0' }, (line) => lines.push(line));
  expect([ended.exitCode, lines]).toEqual([3, ['courses v2.0.0', 'main.js']]);
  const file = join(sandbox.directory, 'task.pid');
  const stop = new AbortController();
  const run = tasks.run(`echo $$ > '${file}'; exec sleep 60`, {}, () => undefined, stop.signal);
  const failed = run.then(
    () => undefined,
    (error: unknown) => error,
  );
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8') !== '').toBe(true);
  stop.abort(new Error('enough'));
  expect(await failed).toMatchObject({ message: 'enough' });
  const pid = readFileSync(file, 'utf8').trim();
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
});

test('an image that is not in the registry is what the service says it waits for', async () => {
  const missing = await stack.definition('v9.9.9');
  const change = { deploymentCircuitBreaker: { enable: true } };
  await expect(stack.service('green', missing, change)).rejects.toThrow(
    /CannotPullContainerError: image docker.io\/azora\/auth-service:v9.9.9 is not in the registry/,
  );
});

test('a probe sees health, version and targets of a slot; a wrong version is unhealthy', async () => {
  const service = await stack.service('green', await stack.definition('v2.0.0', { FAULT_VERSION: '9.9.9' }), {
    name: 'wrong',
  });
  const target = {
    service: 'auth',
    targetGroup: stack.green.id,
    url: `${stack.url}/auth/health`,
    headers: { 'x-preview': 'green' },
    timeoutMs: 2_000,
  };
  const prober = sandboxProber(sandbox);
  const [wrong, right, refused] = await prober.probe([
    { ...target, version: 'v2.0.0' },
    { ...target, version: 'v9.9.9' },
    { ...target, url: 'http://127.0.0.1:1/health', version: undefined },
  ]);
  expect(wrong).toMatchObject({ healthy: false, version: '9.9.9', healthyTargets: 1 });
  expect(wrong?.reason).toMatch(/answers version 9.9.9, expected 2.0.0/);
  expect(right).toMatchObject({ healthy: true, status: 200 });
  expect(refused).toMatchObject({ healthy: false, status: undefined });
  await remove(sandbox, service);
});

test('a late second delete of a service leaves the new one of the same name alone', async () => {
  const definition = await stack.definition('v1.0.0');
  const first = await stack.service('green', definition, { name: 'again' });
  await remove(sandbox, first);
  const second = await stack.service('green', definition, { name: 'again' });
  expect(second.id).toBe(first.id);
  await remove(sandbox, first);
  expect((await sandbox.status()).services.map((s) => s.arn)).toContain(second.id);
  await remove(sandbox, second);
});

test('a task runs to its end with its secrets, and tells its exit code and log', async () => {
  const { arn, version } = await sandboxSecrets(sandbox).put('azora/database', 'postgres://secret');
  const published = await sandbox.call<{ reference: string }>('POST', '/registry/publish', {
    repository: 'docker.io/azora/auth-service',
    tag: 'task',
    directory: APPLICATION,
  });
  const definition = await declare(sandbox, 'aws:ecs/taskDefinition:TaskDefinition', 'task', {
    family: 'task',
    containerDefinitions: JSON.stringify([
      {
        name: 'task',
        image: published.reference,
        secrets: [{ name: 'DATABASE_URL', valueFrom: `${arn}:::${version}` }],
      },
    ]),
  });
  const ran = await sandbox.call<{ exitCode: number; log: string }>('POST', '/ecs/run-task', {
    taskDefinition: definition.outputs['arn'],
    command: [
      'node',
      '-e',
      'console.log(process.env.DATABASE_URL.length, process.env.MODE); process.exit(7)',
    ],
    environment: { MODE: 'migrate' },
  });
  expect(ran).toMatchObject({ exitCode: 7, log: '17 migrate\n' });
});
