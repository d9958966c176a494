import * as pulumi from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import type { Program } from '../../../sandbox/engine/index.ts';
import { group, toy, isUnknown, ops, stage } from './toy.ts';

const pair: Program = () => {
  const a = toy('a', { size: 1 });
  const b = toy('b', { note: a.address });
  return Promise.resolve({ address: b.address, note: b.note });
};

describe('an update', () => {
  test('creates what is declared, dependencies first, and exports its outputs', async () => {
    const { engine, cloud } = stage();
    const result = await engine(pair).up();
    expect(ops(result.steps)).toEqual(['create a', 'create b']);
    expect(cloud.calls).toEqual(['create a', 'create b']);
    expect(result.changes).toEqual({ create: 3 });
    expect(result.outputs['note']).toEqual({ value: 'a-1.toy', secret: false });
    expect(await engine(pair).outputs()).toEqual(result.outputs);
  });

  test('does nothing the second time', async () => {
    const { engine, cloud } = stage();
    await engine(pair).up();
    cloud.calls.length = 0;
    const result = await engine(pair).up();
    expect(result.changes).toEqual({ same: 3 });
    expect(cloud.calls).toEqual([]);
    expect(result.outputs['note']?.value).toBe('a-1.toy');
  });

  test('updates in place, with the leaf paths that differ', async () => {
    const { engine, cloud } = stage();
    const sized =
      (size: number, tags: Record<string, string>): Program =>
      async () => {
        toy('a', { size, tags });
        return {};
      };
    await engine(sized(1, { note: 'x', kept: 'y' })).up();
    const result = await engine(sized(2, { note: 'z', kept: 'y' })).up();
    expect(ops(result.steps)).toEqual(['update a']);
    const [updated] = result.steps.filter((s) => s.op === 'update');
    expect(updated?.diff).toEqual({ size: { kind: 'update' }, 'tags.note': { kind: 'update' } });
    expect([...cloud.things.values()]).toEqual([
      { size: 2, tags: { note: 'z', kept: 'y' }, address: 'a-1.toy' },
    ]);
  });

  test('deletes what is declared no more: dependents first, at the end', async () => {
    const { engine, cloud } = stage();
    const chain: Program = async () => {
      const a = toy('a');
      const b = toy('b', { note: a.address });
      const parentGroup = group('g', {}, { dependsOn: b });
      toy('c', {}, { parent: parentGroup });
      return {};
    };
    await engine(chain).up();
    cloud.calls.length = 0;
    const result = await engine(async () => {
      toy('z');
      return {};
    }).up();
    expect(cloud.calls).toEqual(['create z', 'delete c', 'delete b', 'delete a']);
    expect(result.changes).toEqual({ same: 1, create: 1, delete: 4 });
    expect([...cloud.things.keys()]).toEqual(['z-4']);
  });

  test('registers independent resources side by side and dependents after them', async () => {
    const { engine, cloud } = stage();
    let running = 0;
    let most = 0;
    cloud.before = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
    };
    const program: Program = async () => {
      const many = ['a', 'b', 'c', 'd'].map((name) => toy(name));
      toy('last', {}, { dependsOn: many });
      return {};
    };
    await engine(program).up();
    expect(most).toBe(4);
    expect(cloud.calls.at(-1)).toBe('create last');
    most = 0;
    await engine(async () => ({}), { parallel: 2 }).up();
    expect(most).toBe(2);
    expect(cloud.things.size).toBe(0);
  });

  test('previews with unknown values where nothing is known yet, and touches nothing', async () => {
    const { engine, cloud, written } = stage();
    const program: Program = async () => {
      const a = toy('a', { size: 1 });
      const b = toy('b', { note: a.address, size: 2 });
      return { address: b.address, size: b.size, id: a.id };
    };
    const first = await engine(program).preview();
    expect(ops(first.steps)).toEqual(['create a', 'create b']);
    expect(isUnknown(first.outputs['address']?.value)).toBe(true);
    expect(isUnknown(first.outputs['id']?.value)).toBe(true);
    expect(first.outputs['size']?.value).toBe(2);
    expect(cloud.calls).toEqual([]);
    expect(written()).toBe('');
    await engine(program).up();
    const after = await engine(program).preview();
    expect(after.outputs['address']?.value).toBe('b-2.toy');
    const gone = await engine(async () => ({})).preview();
    expect(ops(gone.steps)).toEqual(['delete b', 'delete a']);
    expect(cloud.things.size).toBe(2);
  });

  test('answers functions, and hands their errors to the program', async () => {
    const { engine } = stage();
    const result = await engine(async () => {
      const doubled = await pulumi.runtime.invoke('toy:index:double', { n: 21 });
      const missing: unknown = await pulumi.runtime
        .invoke('toy:index:nothing', {})
        .catch((error: unknown) => (error instanceof Error ? error.message : error));
      return { doubled: doubled.twice as number, missing };
    }).up();
    expect(result.outputs['doubled']?.value).toBe(42);
    expect(result.outputs['missing']?.value).toBe('toy:index:nothing: no such function');
  });

  test('reads configuration and knows its project, stack and organization', async () => {
    const { engine } = stage('prod');
    const result = await engine(
      async () => ({
        colour: new pulumi.Config('sluice').require('colour'),
        where: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
        dry: pulumi.runtime.isDryRun(),
      }),
      { config: { 'sluice:colour': 'green' } },
    ).preview();
    expect(result.outputs['colour']?.value).toBe('green');
    expect(result.outputs['where']?.value).toBe('organization/toys/prod');
    expect(result.outputs['dry']?.value).toBe(true);
  });

  test('keeps history with the configuration of every update, failed ones too', async () => {
    const { engine } = stage();
    const one = { config: { 'sluice:release': '{"serial":0}' } };
    await engine(pair, one).up();
    await expect(
      engine(
        async () => {
          throw new Error('not today');
        },
        { config: { 'sluice:release': '{"serial":1}' }, message: 'a try' },
      ).up(),
    ).rejects.toThrow('not today');
    const history = await engine(pair).history();
    expect(history.map((h) => [h.version, h.result, h.message])).toEqual([
      [1, 'succeeded', ''],
      [2, 'failed', 'a try'],
    ]);
    expect(history[0]?.config).toEqual({ 'sluice:release': { value: '{"serial":0}', secret: false } });
    expect(history[0]?.changes).toEqual({ create: 3 });
    expect(history[0]?.endedAt).toBeGreaterThan(history[0]?.startedAt ?? Infinity);
  });

  test('tells what happens, in order', async () => {
    const { engine, events } = stage();
    await engine(pair).up();
    const told = events.map((e) =>
      'urn' in e && e.kind !== 'diagnostic' ? `${e.kind} ${e.op} ${e.type}` : e.kind,
    );
    expect(told).toEqual([
      'pre create pulumi:pulumi:Stack',
      'done create pulumi:pulumi:Stack',
      'pre create toy:index:Toy',
      'done create toy:index:Toy',
      'pre create toy:index:Toy',
      'done create toy:index:Toy',
      'summary',
    ]);
    expect(events.at(-1)).toMatchObject({ kind: 'summary', result: 'succeeded', changes: { create: 3 } });
  });

  test('refreshes: takes over what changed, forgets what is gone', async () => {
    const { engine, cloud } = stage();
    const program: Program = async () => {
      toy('a', { size: 1 });
      const b = toy('b', { size: 1 });
      return { size: b.size };
    };
    await engine(program).up();
    cloud.things.delete('a-1');
    cloud.things.set('b-2', { size: 7, address: 'b-2.toy' });
    const refreshed = await engine(program).refresh();
    expect(ops(refreshed.steps).sort()).toEqual(['delete a', 'update b']);
    expect(refreshed.outputs['size']?.value).toBe(1);
    const { resources } = await engine(program).exportState();
    expect(resources.map((r) => [r.id, r.outputs['size']]).filter(([id]) => id !== '')).toEqual([['b-2', 7]]);
    const again = await engine(program).up();
    expect(ops(again.steps)).toEqual(['create a']);
  });

  test('destroys everything, and starts anew afterwards', async () => {
    const { engine, cloud } = stage();
    await engine(pair).up();
    const result = await engine(pair).destroy();
    expect(ops(result.steps)).toEqual(['delete b', 'delete a']);
    expect(cloud.things.size).toBe(0);
    expect(await engine(pair).outputs()).toBeUndefined();
    expect(ops((await engine(pair).up()).steps)).toEqual(['create a', 'create b']);
  });
});
