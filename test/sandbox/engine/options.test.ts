import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import type { EngineEvent, Program } from '../../../sandbox/engine/index.ts';
import { parseDuration } from '../../../sandbox/engine/goal.ts';
import { group, toy, ops, stage } from './toy.ts';

const nothing: Program = async () => ({});
const one =
  (options: pulumi.CustomResourceOptions, args: Record<string, unknown> = {}, name = 'a'): Program =>
  async () => {
    toy(name, args, options);
    return {};
  };

describe('options', () => {
  test('protect: nothing is deleted while anything that would be is protected', async () => {
    const { engine, cloud } = stage();
    const program: Program = async () => {
      const parentGroup = group('g', {}, { protect: true });
      toy('inherits', {}, { parent: parentGroup });
      toy('free');
      return {};
    };
    await engine(program).up();
    cloud.calls.length = 0;
    for (const attempt of [engine(nothing).up(), engine(nothing).preview()])
      await expect(attempt).rejects.toThrow(/inherits" cannot be deleted because it is protected/);
    await expect(engine(nothing).destroy()).rejects.toThrow(/protected/);
    expect(cloud.calls).toEqual([]);
    await engine(async () => {
      const parentGroup = group('g');
      toy('inherits', {}, { parent: parentGroup });
      return {};
    }).up();
    expect(ops((await engine(nothing).up()).steps)).toEqual(['delete inherits', 'delete g']);
  });

  test('retainOnDelete: forgotten, not deleted, also when replaced, also for children', async () => {
    const { engine, cloud } = stage();
    const program =
      (zone: string): Program =>
      async () => {
        const parentGroup = group('g', {}, { retainOnDelete: true });
        toy('a', { zone }, { parent: parentGroup });
        return {};
      };
    await engine(program('1')).up();
    await engine(program('2')).up();
    await engine(nothing).up();
    expect(cloud.calls).toEqual(['create a', 'create a']);
    expect(cloud.things.size).toBe(2);
    expect((await engine(nothing).exportState()).resources).toHaveLength(1);
  });

  test('deletedWith: goes with its owner without a call of its own', async () => {
    const { engine, cloud } = stage();
    const program =
      (both: boolean): Program =>
      async () => {
        const owner = toy('owner');
        if (both) toy('part', {}, { deletedWith: owner });
        return {};
      };
    await engine(program(true)).up();
    cloud.calls.length = 0;
    await engine(nothing).up();
    expect(cloud.calls).toEqual(['delete owner']);
    await engine(program(true)).up();
    cloud.calls.length = 0;
    await engine(program(false)).up();
    expect(cloud.calls).toEqual(['delete part']);
  });

  test('ignoreChanges: keeps the old value where it is named, for new keys and list items too', async () => {
    const { engine, cloud, events } = stage();
    const ignore = { ignoreChanges: ['size', 'tags.note', 'list[0]', 'list[9].x'] };
    await engine(one(ignore, { size: 1, tags: { note: 'x', more: 'm' }, list: [1, 2] })).up();
    const same = await engine(one(ignore, { size: 2, tags: { note: 'y', more: 'm' }, list: [9, 2] })).up();
    expect(ops(same.steps)).toEqual([]);
    await engine(one(ignore, { size: 2, tags: { more: 'changed' }, list: [9, 3] })).up();
    expect(cloud.things.get('a-1')).toMatchObject({
      size: 1,
      tags: { note: 'x', more: 'changed' },
      list: [1, 3],
    });
    const told = events.find((e): e is EngineEvent & { kind: 'diagnostic' } => e.kind === 'diagnostic');
    expect(told).toBeUndefined();
    await engine(
      one({ ignoreChanges: ['list[2]'] }, { size: 2, tags: { more: 'changed' }, list: [9, 3, 4] }),
    ).up();
    expect(events.find((e) => e.kind === 'diagnostic')).toMatchObject({
      severity: 'info',
      text: 'cannot ignore changes in added or removed elements of the path: list[2]',
    });
  });

  test('aliases: by name, type, parent and whole URN; two claims on one resource are refused', async () => {
    const { engine, cloud } = stage();
    await engine(one({})).up();
    cloud.calls.length = 0;
    await engine(one({ aliases: [{ name: 'a' }] }, {}, 'b')).up();
    await engine(async () => {
      const parent = group('g');
      toy('b', {}, { parent, aliases: [{ parent: pulumi.rootStackResource }] });
      return {};
    }).up();
    const urn = 'urn:pulumi:dev::toys::toy:index:Group$toy:index:Toy::b';
    await engine(one({ aliases: [urn] }, {}, 'c')).up();
    expect(cloud.calls).toEqual([]);
    await expect(
      engine(async () => {
        toy('c');
        toy('d', {}, { aliases: [{ name: 'c' }] });
        return {};
      }).up(),
    ).rejects.toThrow(/'d' has the alias .*::c', which this program declares as well/);
    expect([...cloud.things.keys()]).toEqual(['a-1']);
  });

  test('dependsOn a component waits for all its children', async () => {
    const { engine, cloud } = stage();
    cloud.before = async (what) => {
      if (what === 'create child') await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await engine(async () => {
      const parentGroup = group('g');
      toy('child', {}, { parent: parentGroup });
      toy('after', {}, { dependsOn: parentGroup });
      return {};
    }).up();
    expect(cloud.calls).toEqual(['create child', 'create after']);
    await engine(nothing).up();
    expect(cloud.calls.slice(2)).toEqual(['delete after', 'delete child']);
  });

  test('assets and archives: a file that changes is a changed input', async () => {
    const { engine, directory, cloud } = stage();
    const file = join(directory, 'code.txt');
    const folder = join(directory, 'code');
    mkdirSync(folder);
    writeFileSync(file, 'one');
    writeFileSync(join(folder, 'a.js'), 'one');
    const { asset } = pulumi;
    const program = one(
      {},
      {
        text: new asset.StringAsset('x'),
        file: new asset.FileAsset(file),
        code: new asset.FileArchive(folder),
        both: new asset.AssetArchive({
          inner: new asset.FileAsset(file),
          folder: new asset.FileArchive(folder),
        }),
      },
    );
    await engine(program).up();
    expect((await engine(program).up()).changes).toEqual({ same: 2 });
    writeFileSync(file, 'two');
    const changed = (await engine(program).up()).steps.find((s) => s.op === 'update');
    expect(Object.keys(changed?.diff ?? {}).sort()).toEqual([
      'both.assets.inner.hash',
      'both.hash',
      'file.hash',
    ]);
    writeFileSync(join(folder, 'b.js'), 'new');
    expect((await engine(program).up()).changes).toEqual({ same: 1, update: 1 });
    expect(cloud.calls).toEqual(['create a', 'update a', 'update a']);
    await expect(
      engine(one({}, { file: new asset.FileAsset(join(directory, 'none')) })).up(),
    ).rejects.toThrow(/ENOENT/);
    await expect(engine(one({}, { file: new asset.RemoteAsset('https://x.test/y') })).up()).rejects.toThrow(
      /does not know assets from the network/,
    );
  });

  test('customTimeouts reach handlers in seconds', async () => {
    const { engine, cloud } = stage();
    const timeouts: number[] = [];
    const { create } = cloud;
    cloud.create = (request, signal) => {
      timeouts.push(request.timeout);
      return create(request, signal);
    };
    await engine(async () => {
      toy('a', {}, { customTimeouts: { create: '1h30m' } });
      toy('b');
      return {};
    }).up();
    expect(timeouts).toEqual([5400, 0]);
    expect(parseDuration('90s', 'x')).toBe(90);
    expect(parseDuration('1.5m', 'x')).toBe(90);
    await expect(engine(one({ customTimeouts: { create: 'soon' } }, {}, 'c')).up()).rejects.toThrow(
      'customTimeouts of resource c [toy:index:Toy]: "soon" is no duration',
    );
  });

  test('explicit providers are resources, named by those that use them', async () => {
    const { engine } = stage();
    class ToyProvider extends pulumi.ProviderResource {
      constructor(name: string, args: pulumi.Inputs) {
        super('toy', name, args);
      }
    }
    const program =
      (region: string): Program =>
      async () => {
        const provider = new ToyProvider('explicit', { region });
        toy('a', {}, { provider });
        return {};
      };
    await engine(program('one')).up();
    const { resources } = await engine(program('one')).exportState();
    const provider = resources.find((r) => r.type === 'pulumi:providers:toy');
    expect(resources.find((r) => r.type === 'toy:index:Toy')?.provider).toBe(
      `${provider?.urn}::${provider?.id}`,
    );
    expect(provider?.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(ops((await engine(program('two')).up()).steps)).toEqual(['update explicit']);
    expect(ops((await engine(nothing).up()).steps)).toEqual(['delete a', 'delete explicit']);
  });

  test('an existing resource can be read, is never changed and never deleted', async () => {
    const { engine, cloud } = stage();
    cloud.things.set('there', { size: 5, address: 'there.toy' });
    const program: Program = async () => {
      const found = toy('found', {}, { id: 'there' });
      return { size: toy('b', { note: found.address }).note };
    };
    const result = await engine(program).up();
    expect(result.outputs['size']?.value).toBe('there.toy');
    expect(ops(result.steps)).toEqual(['read found', 'create b']);
    expect(ops((await engine(nothing).up()).steps)).toEqual(['delete b', 'discard found']);
    expect(cloud.things.has('there')).toBe(true);
    await expect(engine(one({ id: 'nowhere' })).up()).rejects.toThrow(
      "there is no resource with the id 'nowhere'",
    );
  });
});

class Odd extends pulumi.CustomResource {}
const odd = (type: string): Odd => new Odd(type, 'x', {});

describe('what the engine does not know is refused by name', () => {
  const refused: Record<string, Program> = {
    import: one({ import: 'a-1' }),
    transforms: one({ transforms: [() => undefined] }),
    hooks: one({ hooks: { beforeCreate: [() => undefined] } }),
    replaceWith: async () => {
      toy('a', {}, { replaceWith: [toy('b')] });
      return {};
    },
    replacementTrigger: one({ replacementTrigger: 'x' }),
    hideDiffs: one({ hideDiffs: ['size'] }),
    'customTimeouts.read': one({ customTimeouts: { read: '1m' } }),
    'remote components': async () => {
      return { far: new pulumi.ComponentResource('toy:index:Far', 'far', {}, {}, true).urn };
    },
    'dynamic providers': async () => {
      odd('pulumi-nodejs:dynamic:Resource');
      return {};
    },
    'pulumi:pulumi:Stash': async () => {
      odd('pulumi:pulumi:Stash');
      return {};
    },
    'the call call': async () => {
      pulumi.runtime.call('toy:index:method', {});
      return {};
    },
  };
  for (const [option, program] of Object.entries(refused))
    test(option, async () => {
      const { engine, cloud } = stage();
      const attempt = engine(program).up();
      await expect(attempt).rejects.toThrow(option);
      await expect(attempt).rejects.toThrow(/embedded engine does not know/);
      expect(cloud.things.has('a-1')).toBe(false);
    });
});
