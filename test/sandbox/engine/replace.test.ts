import { describe, expect, test } from 'vitest';
import type { Program } from '../../../sandbox/engine/index.ts';
import { group, toy, ops, stage } from './toy.ts';

const zoned =
  (zone: string, extra: Record<string, unknown> = {}): Program =>
  async () => {
    const a = toy('a', { zone }, extra);
    const b = toy('b', { note: a.address });
    return { note: b.note };
  };

/** `a` deletes first; `b` cannot outlive it (its zone comes from it), `c` can. */
const roomy =
  (room: string, options: { protectB?: boolean } = {}): Program =>
  async () => {
    const a = toy('a', { room });
    const b = toy('b', { zone: a.address }, { protect: options.protectB ?? false });
    const c = toy('c', { note: b.address });
    return { c: c.note };
  };

describe('a replacement', () => {
  test('is made first, dependents move over, and the old one goes last', async () => {
    const { engine, cloud } = stage();
    await engine(zoned('one')).up();
    cloud.calls.length = 0;
    const result = await engine(zoned('two')).up();
    expect(cloud.calls).toEqual(['create a', 'update b', 'delete a']);
    expect(ops(result.steps)).toEqual(['create-replacement a', 'replace a', 'update b', 'delete-replaced a']);
    expect(result.changes).toEqual({ same: 1, replace: 1, update: 1 });
    expect(result.outputs['note']?.value).toBe('a-3.toy');
    expect([...cloud.things.keys()].sort()).toEqual(['a-3', 'b-2']);
    const replaced = result.steps.find((s) => s.op === 'replace');
    expect(replaced).toMatchObject({ replaces: ['zone'], diff: { zone: { kind: 'update-replace' } } });
  });

  test('that deletes first takes along, one by one, the dependents that cannot outlive it', async () => {
    const { engine, cloud } = stage();
    await engine(roomy('one')).up();
    cloud.calls.length = 0;
    const preview = await engine(roomy('two')).preview();
    expect(cloud.calls).toEqual([]);
    const result = await engine(roomy('two')).up();
    expect(cloud.calls).toEqual(['delete b', 'delete a', 'create a', 'create b', 'update c']);
    const expected = [
      'delete-replaced b',
      'delete-replaced a',
      'replace a',
      'create-replacement a',
      'replace b',
      'create-replacement b',
      'update c',
    ];
    expect(ops(result.steps)).toEqual(expected);
    expect(ops(preview.steps)).toEqual(expected);
    expect(result.outputs['c']?.value).toBe('b-5.toy');
    expect(cloud.things.size).toBe(3);
  });

  test('can be told to delete first, or not to', async () => {
    const { engine, cloud } = stage();
    await engine(zoned('one', { deleteBeforeReplace: true })).up();
    cloud.calls.length = 0;
    await engine(zoned('two', { deleteBeforeReplace: true })).up();
    expect(cloud.calls).toEqual(['delete a', 'create a', 'update b']);
    const soft: Program = async () => {
      toy('a', { room: 'two' }, { deleteBeforeReplace: false });
      return {};
    };
    const hard: Program = async () => {
      toy('a', { room: 'one' });
      return {};
    };
    const other = stage();
    await other.engine(hard).up();
    other.cloud.calls.length = 0;
    await other.engine(soft).up();
    expect(other.cloud.calls).toEqual(['create a', 'delete a']);
  });

  test('is taken up again when it failed after the old one was deleted: nothing is deleted twice', async () => {
    const { engine, cloud } = stage();
    await engine(roomy('one')).up();
    let broken = true;
    cloud.before = (what) => {
      if (what === 'create a' && broken) throw new Error('no capacity');
    };
    await expect(engine(roomy('two')).up()).rejects.toThrow('no capacity');
    expect(await engine(roomy('two')).outputs()).toMatchObject({ c: { value: 'b-2.toy' } });
    broken = false;
    cloud.calls.length = 0;
    const result = await engine(roomy('two')).up();
    expect(cloud.calls).toEqual(['create a', 'create b', 'update c']);
    expect(result.changes).toEqual({ same: 1, replace: 2, update: 1 });
    expect(cloud.things.size).toBe(3);
  });

  test('is taken up again when it failed between its deletions: what is gone is not deleted again', async () => {
    const { engine, cloud } = stage();
    await engine(roomy('one')).up();
    cloud.before = (what) => {
      if (what === 'delete a') throw new Error('still in use');
    };
    await expect(engine(roomy('two')).up()).rejects.toThrow('still in use');
    cloud.before = () => undefined;
    cloud.calls.length = 0;
    await engine(roomy('two')).up();
    expect(cloud.calls).toEqual(['delete a', 'create a', 'create b', 'update c']);
    expect(cloud.things.size).toBe(3);
  });

  test('whose dependents are declared no more forgets them: they are deleted already', async () => {
    const { engine, cloud } = stage();
    await engine(roomy('one')).up();
    cloud.calls.length = 0;
    const result = await engine(async () => ({ of: toy('a', { room: 'two' }).id })).up();
    expect(cloud.calls).toEqual(['delete b', 'delete a', 'create a', 'delete c']);
    expect(ops(result.steps)).toContain('remove-pending-replace b');
    const { resources } = await engine(roomy('two')).exportState();
    expect(resources.map((r) => r.urn.split('::').at(-1))).toEqual(['toys-dev', 'a']);
  });

  test('that failed to delete the old one deletes it next time', async () => {
    const { engine, cloud } = stage();
    await engine(zoned('one')).up();
    let broken = true;
    cloud.before = (what) => {
      if (what === 'delete a' && broken) throw new Error('still in use');
    };
    await expect(engine(zoned('two')).up()).rejects.toThrow('still in use');
    broken = false;
    const result = await engine(zoned('two')).up();
    expect(ops(result.steps)).toEqual(['delete-replaced a']);
    expect([...cloud.things.keys()].sort()).toEqual(['a-3', 'b-2']);
  });

  test('of a protected resource is refused, alone or as a dependent, before anything is done', async () => {
    const { engine, cloud } = stage();
    await engine(zoned('one', { protect: true })).up();
    cloud.calls.length = 0;
    await expect(engine(zoned('two', { protect: true })).up()).rejects.toThrow(/marked for protection/);
    await expect(engine(zoned('two', { protect: true })).preview()).rejects.toThrow(/marked for protection/);
    expect(cloud.calls).toEqual([]);
    await engine(zoned('two')).up();
    expect(cloud.calls).toEqual(['create a', 'update b', 'delete a']);

    const other = stage();
    await other.engine(roomy('one', { protectB: true })).up();
    other.cloud.calls.length = 0;
    await expect(other.engine(roomy('two', { protectB: true })).up()).rejects.toThrow(
      /toy::b"|::b"[\s\S]*as part of replacing/,
    );
    expect(other.cloud.calls).toEqual([]);
  });

  test('is forced by replaceOnChanges, for leaf paths at or below it', async () => {
    const { engine, cloud } = stage();
    const tagged =
      (value: string, paths: string[]): Program =>
      async () => {
        toy('a', { triggers: ['fixed', value], tags: { note: value } }, { replaceOnChanges: paths });
        return {};
      };
    await engine(tagged('1', [])).up();
    expect(ops((await engine(tagged('2', ['size'])).up()).steps)).toEqual(['update a']);
    expect(ops((await engine(tagged('3', ['triggers[*]'])).up()).steps)).toContain('replace a');
    expect(ops((await engine(tagged('4', ['tags'])).up()).steps)).toContain('replace a');
    expect(ops((await engine(tagged('5', ['tags.note.deeper'])).up()).steps)).toEqual(['update a']);
    expect(cloud.things.size).toBe(1);
  });

  test('follows a component that is renamed: nothing happens to its children', async () => {
    const { engine, cloud } = stage();
    const named =
      (name: string, aliases: string[] = []): Program =>
      async () => {
        const parentGroup = group(name, {}, { aliases: aliases.map((alias) => ({ name: alias })) });
        const a = toy(`${name}-a`, { size: 1 }, { parent: parentGroup });
        const inner = group(`${name}-inner`, {}, { parent: parentGroup });
        toy('plain', { note: a.address }, { parent: inner });
        return {};
      };
    await engine(named('old')).up();
    cloud.calls.length = 0;
    const result = await engine(named('new', ['old'])).up();
    expect(ops(result.steps)).toEqual([]);
    expect(cloud.calls).toEqual([]);
    const { resources } = await engine(named('new')).exportState();
    expect(resources.filter((r) => r.urn.includes('old'))).toEqual([]);
    expect(ops((await engine(named('new')).up()).steps)).toEqual([]);
  });
});
