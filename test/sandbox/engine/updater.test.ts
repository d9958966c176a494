import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import type { Release } from '../../../config/release.types.ts';
import { refused } from '../../../lib/errors.ts';
import { UpdateFailed } from '../../../release/ports/stack.ts';
import type { UpdateEvent } from '../../../release/ports/stack.ts';
import { embeddedUpdater, fileStore } from '../../../sandbox/engine/index.ts';
import type { Program } from '../../../sandbox/engine/index.ts';
import { toy, stage } from './toy.ts';

const release = (serial: number): Release => ({
  format: 1,
  serial,
  replaces: serial === 0 ? null : serial - 1,
  deployment: `17000000${serial}-abcdef`,
  slots: {},
  traffic: { blue: 0, green: 0 },
});

/** A program with the outputs of infra/: carries on, compares and sets, and holds one secret. */
const program: Program = async () => {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const last = (await new pulumi.StackReference('self', { name }).getOutputDetails('release')).value as
    Release | undefined;
  const wanted = new pulumi.Config('sluice').getObject<Release>('release') ?? last ?? release(0);
  if (last !== undefined && wanted.serial !== last.serial && wanted.replaces !== last.serial)
    throw refused(`release ${wanted.serial} replaces ${wanted.replaces}, the stack has ${last.serial}`);
  const rule = toy('rule', { size: wanted.serial });
  return {
    release: rule.id.apply(() => wanted),
    url: 'http://127.0.0.1:8080',
    routing: { listenerArn: rule.address, services: {}, previewHeader: 'x-preview' },
    buckets: { backup: 'b', record: 'r', lease: 'l' },
    previewTokens: pulumi.secret({ blue: 'token-blue', green: 'token-green' }),
  };
};

const updater = () => {
  const s = stage('production');
  const folder = join(s.directory, 'production');
  let now = 1_700_000_000_000;
  return {
    ...s,
    folder,
    updater: embeddedUpdater(
      {
        project: 'toys',
        stack: 'production',
        program,
        provider: s.cloud,
        store: fileStore(folder),
        passphrase: 'p',
        now: () => (now += 1000),
      },
      { baseConfig: () => ({ 'sluice:app': 'x', 'sluice:release': 'left over' }) },
    ),
  };
};
const quiet = { onEvent: (): void => undefined };

describe('the stack updater', () => {
  test('applies a release, carries it on, and reads back outputs, tokens and history', async () => {
    const { updater: it } = updater();
    expect(await it.outputs()).toBeUndefined();
    expect(await it.previewTokens()).toEqual({});
    const first = await it.up(release(0), quiet);
    expect(first.changes).toEqual({ create: 2, read: 1 });
    expect(first.outputs).toEqual({
      release: release(0),
      url: 'http://127.0.0.1:8080',
      routing: { listenerArn: 'rule-1.toy', services: {}, previewHeader: 'x-preview' },
      buckets: { backup: 'b', record: 'r', lease: 'l' },
    });
    await it.up(release(1), quiet);
    const carried = await it.up(undefined, quiet);
    expect(carried.changes).toEqual({ same: 2, read: 1 });
    expect((await it.outputs())?.release).toEqual(release(1));
    expect(await it.previewTokens()).toEqual({ blue: 'token-blue', green: 'token-green' });
    const history = await it.history();
    expect(history.map((h) => [h.version, h.result, h.release?.serial])).toEqual([
      [1, 'succeeded', 0],
      [2, 'succeeded', 1],
      [3, 'succeeded', undefined],
    ]);
  });

  test('previews a release without applying it', async () => {
    const { updater: it, cloud } = updater();
    await it.up(release(0), quiet);
    cloud.calls.length = 0;
    const changes = await it.preview(release(1));
    expect(changes.filter((c) => c.op !== 'same' && c.op !== 'read')).toEqual([
      {
        op: 'update',
        urn: 'urn:pulumi:production::toys::toy:index:Toy::rule',
        type: 'toy:index:Toy',
        protect: false,
        diff: ['size'],
      },
    ]);
    expect(cloud.calls).toEqual([]);
    expect((await it.outputs())?.release?.serial).toBe(0);
  });

  test('tells what a program refuses from what failed half-way', async () => {
    const { updater: it, cloud } = updater();
    await it.up(release(0), quiet);
    await expect(it.up(release(5), quiet)).rejects.toMatchObject({
      name: 'ExpectedError',
      exit: 3,
      message: 'release 5 replaces 4, the stack has 0',
    });
    cloud.before = () => {
      throw new Error('throttled');
    };
    const events: UpdateEvent[] = [];
    const failed: unknown = await it
      .up(release(1), { onEvent: (e) => events.push(e) })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(UpdateFailed);
    expect(failed).toMatchObject({
      message: "toy:index:Toy 'rule': throttled",
      changed: [],
      failed: [{ urn: 'urn:pulumi:production::toys::toy:index:Toy::rule', reason: 'throttled' }],
    });
    expect(events.map((e) => e.kind)).toEqual(['failed', 'message', 'summary']);
    expect((await it.outputs())?.release?.serial).toBe(0);
    expect((await it.history()).map((h) => h.result)).toEqual(['succeeded', 'failed', 'failed']);
  });

  test('takes away the lock of a process that is gone, not of one that runs', async () => {
    const { updater: it, folder } = updater();
    await it.up(release(0), quiet);
    const lock = { id: 'x', pid: 2 ** 22 + 1, host: hostname(), user: 'me', at: 0 };
    writeFileSync(join(folder, 'lock.json'), JSON.stringify(lock));
    const events: UpdateEvent[] = [];
    await it.up(release(1), { onEvent: (e) => events.push(e) });
    expect(events[0]?.text).toContain('which is gone');
    writeFileSync(join(folder, 'lock.json'), JSON.stringify({ ...lock, pid: process.pid }));
    await expect(it.up(release(2), quiet)).rejects.toThrow(/locked/);
  });

  test('says when the program is not one that a release can be driven by', async () => {
    const { cloud, directory } = stage();
    const it = embeddedUpdater(
      {
        project: 'p',
        stack: 's',
        program: async () => ({ url: 1 }),
        provider: cloud,
        store: fileStore(directory),
        passphrase: 'p',
        now: () => 0,
      },
      { baseConfig: {} },
    );
    await expect(it.up(undefined, quiet)).rejects.toThrow(/exports no `url`, `routing` and `buckets`/);
  });
});
