import * as pulumi from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import { StackFailed } from '../../../sandbox/engine/index.ts';
import type { Program } from '../../../sandbox/engine/index.ts';
import { PartialFailure } from '../../../sandbox/provider/contract.ts';
import { toy, ops, stage } from './toy.ts';

const failure = async (work: Promise<unknown>): Promise<StackFailed> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StackFailed)) throw new Error(`expected a failed update, got ${String(error)}`);
  return error;
};

/** A stack with `a` and `old`, the latter no longer declared by the programs below. */
const running = async () => {
  const it = stage();
  await it
    .engine(async () => {
      toy('old');
      return { version: 1, of: toy('a', { size: 1 }).address };
    })
    .up();
  it.cloud.calls.length = 0;
  it.events.length = 0;
  return it;
};

describe('an update fails, deletes nothing and keeps the old outputs', () => {
  const cases: Record<string, { program: Program; message: string }> = {
    'when the program throws': {
      program: async () => {
        toy('a', { size: 1 });
        throw new Error('the program refuses');
      },
      message: 'the program refuses',
    },
    'when a throw happens inside apply': {
      program: async () => {
        const a = toy('a', { size: 1 });
        a.address.apply(() => {
          throw new Error('thrown in apply');
        });
        return {};
      },
      message: 'thrown in apply',
    },
    'when an input is rejected': {
      program: async () => {
        toy('a', { size: 1, note: Promise.reject(new Error('no such note')) });
        return {};
      },
      message: 'error serializing property "note": no such note',
    },
    'when an output is rejected': {
      program: async () => ({ of: pulumi.output(Promise.reject(new Error('no such output'))) }),
      message: 'no such output',
    },
    'when inputs are refused': {
      program: async () => ({ of: toy('a', { size: -1 }).address }),
      message: "toy:index:Toy 'a': inputs are refused: size: must not be negative",
    },
    'when one name is used twice': {
      program: async () => ({ of: [toy('a', { size: 1 }).address, toy('a', { size: 1 }).address] }),
      message: "Duplicate resource URN 'urn:pulumi:dev::toys::toy:index:Toy::a'; try giving it a unique name",
    },
    'when the program logs an error': {
      program: async () => {
        await pulumi.log.error('this is wrong');
        return { of: toy('a', { size: 1 }).address };
      },
      message: 'this is wrong',
    },
  };
  for (const [name, { program, message }] of Object.entries(cases))
    test(name, async () => {
      const { engine, cloud, events } = await running();
      const error = await failure(engine(program).up());
      expect(error.message).toBe(message);
      expect(cloud.calls).toEqual([]);
      expect(await engine(program).outputs()).toMatchObject({ version: { value: 1 } });
      expect((await engine(program).history()).map((h) => h.result)).toEqual(['succeeded', 'failed']);
      expect(events.filter((e) => e.kind === 'diagnostic' && e.severity === 'error')).toMatchObject([
        ...(name.includes('logs') ? [{ text: message }] : []),
        { text: message },
      ]);
      expect(events.at(-1)).toMatchObject({ kind: 'summary', result: 'failed' });
      expect((await failure(engine(program).preview())).message).toBe(message);
      const mended = await engine(async () => ({ of: toy('a', { size: 1 }).address })).up();
      expect(ops(mended.steps)).toEqual(['delete old']);
    });
});

describe('a resource that fails', () => {
  const chain: Program = async () => {
    const a = toy('a');
    const b = toy('b', { note: a.address });
    const c = toy('c', { note: b.address });
    return { of: c.address };
  };

  test('leaves what was done in state; the next update goes on from there', async () => {
    const { engine, cloud, events } = stage();
    let broken = true;
    cloud.before = (what) => {
      if (what === 'create b' && broken) throw new Error('quota exceeded');
    };
    const error = await failure(engine(chain).up());
    expect(error.message).toBe("toy:index:Toy 'b': quota exceeded");
    expect(error.kind).toBe('resource');
    expect(error.failed).toEqual([
      { urn: 'urn:pulumi:dev::toys::toy:index:Toy::b', reason: 'quota exceeded' },
    ]);
    expect(error.changed.map((urn) => urn.split('::').at(-1))).toEqual(['toys-dev', 'a']);
    expect(events.find((e) => e.kind === 'failed')).toMatchObject({ op: 'create', reason: 'quota exceeded' });
    expect(await engine(chain).outputs()).toEqual({});
    broken = false;
    const result = await engine(chain).up();
    expect(ops(result.steps)).toEqual(['create b', 'create c']);
    expect(result.outputs['of']?.value).toBe('c-3.toy');
  });

  test('waits for what is running, records it, and starts nothing new', async () => {
    const { engine, cloud } = stage();
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    cloud.before = async (what) => {
      if (what === 'create slow') await slow;
      if (what === 'create bad') {
        setTimeout(release, 10);
        throw new Error('broken');
      }
    };
    const program: Program = async () => {
      const one = toy('slow');
      toy('bad');
      toy('after', { note: one.address });
      return {};
    };
    await failure(engine(program).up());
    expect(cloud.calls.sort()).toEqual(['create bad', 'create slow']);
    const { resources, pendingOperations } = await engine(program).exportState();
    expect(resources.map((r) => r.id)).toContain('slow-1');
    expect(pendingOperations).toEqual([]);
  });

  test('keeps new outputs that do not depend on it when it fails late', async () => {
    const { engine, cloud } = await running();
    cloud.before = async (what) => {
      if (what !== 'create late') return;
      await new Promise((resolve) => setTimeout(resolve, 30));
      throw new Error('too late');
    };
    await failure(
      engine(async () => {
        toy('late');
        return { version: 2 };
      }).up(),
    );
    expect(await engine(chain).outputs()).toEqual({ version: { value: 2, secret: false } });
    await failure(engine(async () => ({ version: 3, of: toy('late').address })).up());
    expect(await engine(chain).outputs()).toEqual({ version: { value: 2, secret: false } });
  });

  test('made in part, stays in state with the reason and is updated next time', async () => {
    const { engine, cloud } = stage();
    let broken = true;
    cloud.before = (what) => {
      if (!broken || what !== 'create a') return;
      cloud.things.set('a-half', {});
      throw new PartialFailure('never became steady', 'a-half', { size: 1 });
    };
    const program: Program = async () => ({ of: toy('a', { size: 1 }).id });
    expect((await failure(engine(program).up())).message).toContain('never became steady');
    const { resources } = await engine(program).exportState();
    expect(resources.find((r) => r.custom)).toMatchObject({
      id: 'a-half',
      initErrors: ['never became steady'],
    });
    broken = false;
    const result = await engine(program).up();
    expect(ops(result.steps)).toEqual(['update a']);
    expect(result.outputs['of']?.value).toBe('a-half');
    expect(ops((await engine(program).up()).steps)).toEqual([]);
  });

  test('while deleting stops the deletion of what it depends on', async () => {
    const { engine, cloud } = stage();
    await engine(chain).up();
    cloud.before = (what) => {
      if (what === 'delete b') throw new Error('in use');
    };
    await failure(engine(async () => ({})).up());
    expect([...cloud.things.keys()]).toEqual(['a-1', 'b-2']);
    cloud.before = () => undefined;
    expect(ops((await engine(async () => ({})).up()).steps)).toEqual(['delete b', 'delete a']);
  });
});

describe('a cancelled update', () => {
  test('waits for what is running, keeps it, and says so', async () => {
    const { engine, cloud } = stage();
    const controller = new AbortController();
    let seen: boolean | undefined;
    cloud.before = async (what, signal) => {
      if (what !== 'create a') return;
      controller.abort();
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen = signal?.aborted;
    };
    const program: Program = async () => ({ of: toy('b', { note: toy('a').address }).address });
    const error = await failure(engine(program, { signal: controller.signal }).up());
    expect(error.kind).toBe('cancelled');
    expect(error.message).toBe('the update was cancelled');
    expect(seen).toBe(true);
    expect(cloud.calls).toEqual(['create a']);
    expect(engine(program).lockInfo()).toBeUndefined();
    expect(ops((await engine(program).up()).steps)).toEqual(['create b']);
  });

  test('that was cancelled before it began does nothing', async () => {
    const { engine, cloud } = stage();
    const error = await failure(
      engine(async () => ({ of: toy('a').id }), { signal: AbortSignal.abort() }).up(),
    );
    expect(error.kind).toBe('cancelled');
    expect(cloud.calls).toEqual([]);
  });
});
