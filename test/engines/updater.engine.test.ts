import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExpectedError } from '../../lib/errors.ts';
import { UpdateFailed, type UpdateEvent } from '../../release/ports/stack.ts';
import { driven, guardedBucket, releaseOf, type Driven } from './driven.ts';
import { openGround, PLANTED, ROOT, type Ground } from './ground.ts';
import { openReal } from './updaters.ts';

const quiet = { onEvent: (): void => undefined };

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

let count = 0;
const opened = (program: Driven = {}, more: Parameters<typeof openReal>[1] = {}) =>
  openReal({ ground, stack: `driven${(count += 1)}`, program: driven(program) }, more);

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing failed',
    (error: unknown) => error,
  );

const pulumi = (cwd: string, args: string[], environment: Record<string, string> = {}): string =>
  execFileSync('pulumi', [...args, '--non-interactive'], {
    cwd,
    env: { ...process.env, ...ground.environment, ...environment },
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });

/** Every file of the stack files and the program's folder, with its text. */
const workingTree = (): Record<string, string> =>
  Object.fromEntries(
    ['.', 'infra'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { withFileTypes: true })
        .filter((f) => f.isFile() && /^Pulumi|\.ts$|^package/.test(f.name))
        .map((f) => [join(folder, f.name), readFileSync(join(ROOT, folder, f.name), 'utf8')]),
    ),
  );

test('applies, carries on, previews, reads back; neither the working tree nor the Pulumi home is touched', async () => {
  const before = workingTree();
  const it = await opened({ beside: ['other'], more: () => guardedBucket('azora-guarded-1', false) });
  const { updater } = it;
  expect(await updater.outputs()).toBeUndefined();
  expect(await updater.previewTokens()).toEqual({});
  expect(await updater.history()).toEqual([]);
  const first = await updater.up(releaseOf(0), quiet);
  expect(first.changes).toEqual({ create: 4 });
  expect(first.outputs).toMatchObject({
    release: releaseOf(0),
    url: 'http://127.0.0.1:1',
    routing: { services: {}, previewHeader: 'x-preview' },
    buckets: { backup: 'b', record: 'r', lease: 'l' },
  });
  const events: UpdateEvent[] = [];
  await updater.up(releaseOf(1), { onEvent: (e) => events.push(e) });
  expect(events.map((e) => [e.kind, e.text])).toEqual([
    ['resource', 'update rule'],
    ['summary', expect.stringContaining('1 update')],
  ]);
  await updater.up(undefined, quiet);
  expect((await updater.outputs())?.release).toEqual(releaseOf(1));
  expect(await updater.previewTokens()).toEqual({ blue: 'token-blue' });
  const history = await updater.history();
  expect(history.map((h) => [h.version, h.result, h.release?.serial])).toEqual([
    [1, 'succeeded', 0],
    [2, 'succeeded', 1],
    [3, 'succeeded', undefined],
  ]);
  expect(history[1]?.startedAt).toBeGreaterThan(Date.now() - 600_000);

  it.program = driven({ more: () => guardedBucket('azora-guarded-2', false) });
  const changes = await updater.preview(releaseOf(2));
  expect(
    changes
      .filter((c) => c.op !== 'same' && c.op !== 'read')
      .map((c) => [c.op, c.urn.split('::').at(-1), c.protect, c.diff]),
  ).toEqual([
    ['update', 'rule', false, ['tags.serial']],
    ['delete', 'other', false, []],
    ['replace', 'guarded', true, ['bucket']],
  ]);
  expect((await updater.outputs())?.release?.serial).toBe(1);
  expect(workingTree()).toEqual(before);
  expect(readdirSync(join(ground.directory, 'home')).includes('workspaces')).toBe(false);
  await it.close();
});

describe('what fails', () => {
  test('a refusal of the program arrives as it was thrown, and nothing was changed', async () => {
    const it = await opened();
    await it.updater.up(releaseOf(0), quiet);
    const failure = await failureOf(it.updater.up(releaseOf(5), quiet));
    expect(failure).toBeInstanceOf(ExpectedError);
    expect(failure).toMatchObject({ exit: 3, message: 'serial 5 replaces 4, not 0', hint: 'carry on' });
    const previewed = await failureOf(it.updater.preview(releaseOf(5)));
    expect(previewed).toMatchObject({ exit: 3, hint: 'carry on' });
    expect((await it.updater.outputs())?.release?.serial).toBe(0);
    // The same process goes on: what one run logged says nothing about the next.
    await it.updater.up(releaseOf(1), quiet);
    expect((await it.updater.history()).map((h) => h.result)).toEqual(['succeeded', 'failed', 'succeeded']);
    await it.close();
  });

  test('a failed update says where, what was changed, what not, and what to run', async () => {
    const it = await opened({ beside: ['one', 'two'] });
    await ground.fault({ kind: 'resource', on: 'create', urn: '*::rule', fail: 'throttled' });
    const events: UpdateEvent[] = [];
    const failure = await failureOf(it.updater.up(releaseOf(0), { onEvent: (e) => events.push(e) }));
    expect(failure).toBeInstanceOf(UpdateFailed);
    const { message, changed, failed } = failure as UpdateFailed;
    expect(failed).toEqual([
      { urn: expect.stringMatching(/::rule$/), reason: expect.stringContaining('throttled') },
    ]);
    expect(new Set(changed.map((urn) => urn.split('::').at(-1)))).toEqual(new Set(['one', 'two']));
    expect(message).toMatch(/^the update of stack driven\d+ failed: rule: .*throttled/);
    expect(message).toMatch(/Changed before: (one, two|two, one); everything else is as it was/);
    expect(message).toContain('sluice reconcile --stack driven');
    expect(events.filter((e) => e.kind === 'failed').map((e) => e.text)).toEqual(['create rule failed']);
    const repeated = await it.updater.up(releaseOf(0), quiet);
    expect(repeated.outputs.release).toEqual(releaseOf(0));
    await it.close();
  });

  test('a bug of the program stays one, with its stack', async () => {
    const it = await opened();
    it.program = async () => (undefined as unknown as { missing: object }).missing as Record<string, unknown>;
    const failure = await failureOf(it.updater.up(undefined, quiet));
    expect(failure).toBeInstanceOf(TypeError);
    expect(String((failure as Error).stack)).toContain('/updater.engine.test.ts');
    await it.close();
  });

  test('stopped by a signal, it ends in order: no lock, nothing pending, and the next update goes on', async () => {
    const it = await opened({ beside: ['slow'] });
    await ground.fault({ kind: 'resource', on: 'create', urn: '*::slow', delayMs: 3_000 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 2_500);
    const failure = await failureOf(it.updater.up(releaseOf(0), { ...quiet, signal: stop.signal }));
    expect(failure).toBeInstanceOf(UpdateFailed);
    expect((failure as Error).message).toContain('was stopped');
    await ground.clearFaults();
    const events: UpdateEvent[] = [];
    await it.updater.up(releaseOf(0), { onEvent: (e) => events.push(e) });
    expect(events.filter((e) => e.kind === 'message')).toEqual([]);
    expect((await it.updater.outputs())?.release?.serial).toBe(0);
    await it.close();
  });
});

describe('a lock', () => {
  /** One stack for all: nothing of it changes before the last one. */
  let it: Awaited<ReturnType<typeof opened>>;
  let stack = '';
  beforeAll(async () => {
    it = await opened({}, { lockPatienceMs: 500 });
    stack = `driven${count}`;
  });
  afterAll(() => it.close());

  const lock = (holder: { pid: number; host: string }): string => {
    const folder = join(ground.directory, 'backend/.pulumi/locks/organization/sluice', stack);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, '7b0d94a0-2b0c-4b0e-9d5b-0f5a3e0f7c11.json');
    const timestamp = new Date(Date.now() - 1_000).toISOString();
    writeFileSync(file, JSON.stringify({ ...holder, username: 'root', hostname: holder.host, timestamp }));
    return folder;
  };

  test('of a process that runs is left alone, and named', async () => {
    const folder = lock({ pid: process.pid, host: hostname() });
    const failure = await failureOf(it.updater.up(releaseOf(0), quiet));
    expect(failure).toMatchObject({ exit: 3 });
    const { message, hint } = failure as ExpectedError;
    expect(message).toContain(`locked by root@${hostname()} (process ${process.pid}) since `);
    expect(message).toContain('nothing was changed');
    expect(hint).toContain(`pulumi cancel --yes --stack ${stack}`);
    expect(readdirSync(folder)).toHaveLength(1);
    // Looking is possible meanwhile.
    expect(await it.updater.preview(releaseOf(0))).not.toEqual([]);
    expect(await it.updater.outputs()).toBeUndefined();
  });

  test('of another machine is left alone', async () => {
    const folder = lock({ pid: 2 ** 22 + 1, host: 'runner-7' });
    const failure = await failureOf(it.updater.up(releaseOf(0), quiet));
    expect((failure as Error).message).toContain(`locked by root@runner-7 (process ${2 ** 22 + 1}) since`);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('of a process that is gone is taken away, and that is said', async () => {
    lock({ pid: 2 ** 22 + 1, host: hostname() });
    const events: UpdateEvent[] = [];
    await it.updater.up(releaseOf(0), { onEvent: (e) => events.push(e) });
    expect(events[0]?.text).toBe(`took away the lock of process ${2 ** 22 + 1}, which is gone`);
    expect((await it.updater.outputs())?.release?.serial).toBe(0);
  });
});

describe('the passphrase', () => {
  test('changed elsewhere: everything a release needs can be read, an old checkout’s salt does no harm', async () => {
    const it = await opened({ token: PLANTED });
    await it.updater.up(releaseOf(0), quiet);
    const stack = `driven${count}`;
    const oldFile = readFileSync(join(it.workDir, `Pulumi.${stack}.yaml`), 'utf8');
    execFileSync('pulumi', ['stack', 'change-secrets-provider', 'passphrase', '--stack', stack], {
      cwd: it.workDir,
      env: { ...process.env, ...ground.environment },
      input: 'another one',
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    await it.close();
    const environment = { ...ground.environment, PULUMI_CONFIG_PASSPHRASE: 'another one' };
    const args = { ground, stack, program: driven({ token: PLANTED }) };
    const again = await openReal(args, { environment, stackFile: `${oldFile}\n` });
    expect((await again.updater.outputs())?.release).toEqual(releaseOf(0));
    expect(await again.updater.previewTokens()).toEqual({ blue: `${PLANTED}-blue` });
    await again.updater.up(releaseOf(1), quiet);
    expect(await again.updater.previewTokens()).toEqual({ blue: `${PLANTED}-blue` });
    await again.close();

    // With the old one: outputs and history are open, an update is refused before anything happens.
    const old = await openReal(args);
    expect((await old.updater.outputs())?.release).toEqual(releaseOf(1));
    expect((await old.updater.history()).map((h) => h.release?.serial)).toEqual([0, 1]);
    const refusals = [failureOf(old.updater.up(releaseOf(2), quiet)), failureOf(old.updater.previewTokens())];
    for (const refusal of await Promise.all(refusals)) {
      expect(refusal).toMatchObject({ exit: 3 });
      expect((refusal as ExpectedError).message).toContain(`does not open the secrets of stack ${stack}`);
      expect((refusal as ExpectedError).hint).toContain('PULUMI_CONFIG_PASSPHRASE');
    }
    await old.close();
  });

  test('encrypted entries of the stack file reach the program, as secrets', async () => {
    const folder = join(ground.directory, 'checkout');
    mkdirSync(folder);
    writeFileSync(join(folder, 'Pulumi.yaml'), 'name: sluice\nruntime: nodejs\n');
    pulumi(folder, ['stack', 'init', 'sealed']);
    pulumi(folder, ['config', 'set', '--secret', 'sluice:key', PLANTED, '--stack', 'sealed']);
    const stackFile = readFileSync(join(folder, 'Pulumi.sealed.yaml'), 'utf8');
    expect(stackFile).toMatch(/encryptionsalt: .*\n[^]*secure:/);
    let seen = '';
    const it = await openReal(
      {
        ground,
        stack: 'sealed',
        program: async () => {
          const { Config } = await import('@pulumi/pulumi');
          const key = new Config('sluice').requireSecret('key');
          key.apply((text) => (seen = text));
          return { ...(await driven()()), key };
        },
      },
      { stackFile },
    );
    await it.updater.up(releaseOf(0), quiet);
    expect(seen).toBe(PLANTED);
    await it.updater.up(releaseOf(1), quiet);
    expect(readFileSync(join(folder, 'Pulumi.sealed.yaml'), 'utf8')).toBe(stackFile);
    const state = JSON.stringify(await it.state());
    expect(state).toContain('ciphertext');
    expect(state).not.toContain(PLANTED);
    await it.close();
  });
});

test('without a usable CLI it says what to install', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = join(ground.directory, 'nowhere');
  try {
    const failure = await failureOf(opened());
    expect(failure).toMatchObject({ exit: 3 });
    expect((failure as ExpectedError).hint).toContain('install the Pulumi CLI');
  } finally {
    process.env['PATH'] = path;
  }
});
