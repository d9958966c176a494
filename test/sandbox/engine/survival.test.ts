import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExpectedError } from '../../../lib/errors.ts';
import { fileStore, lockHolder } from '../../../sandbox/engine/index.ts';
import type { Program, StateStore } from '../../../sandbox/engine/index.ts';
import { toy, ops, stage } from './toy.ts';
import type { Stage } from './toy.ts';

const chain: Program = async () => {
  const a = toy('a', { size: 1 });
  const b = toy('b', { note: a.address });
  return { of: b.address };
};

/** Dies at the write after `left` others: nothing reaches the disk any more, and nothing new is started. */
const dying = (store: StateStore, left: number): StateStore => {
  const orDie = (write: () => void): void => {
    left -= 1;
    if (left < 0) throw new Error('killed');
    write();
  };
  return {
    lock: (at) => ({ ...store.lock(at), release: () => undefined }),
    lockInfo: () => store.lockInfo(),
    cancel: () => store.cancel(),
    snapshot: () => store.snapshot(),
    journal: () => store.journal(),
    append: (line) => orDie(() => store.append(line)),
    save: (snapshot) => orDie(() => store.save(snapshot)),
    history: () => store.history(),
    addHistory: (line) => orDie(() => store.addHistory(line)),
  };
};

const killed = async (work: Promise<unknown>): Promise<void> => {
  await expect(work).rejects.toThrow('killed');
};

const folder = (s: Stage): string => join(s.directory, 'dev');

describe('the lock', () => {
  test('refuses a second update and says who holds it; preview, outputs and history go on', async () => {
    const s = stage();
    let entered: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => (entered = resolve));
    let leave: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (leave = resolve));
    s.cloud.before = async () => {
      entered();
      await gate;
    };
    const first = s.engine(chain).up();
    await inside;
    const second: unknown = await s
      .engine(chain)
      .up()
      .catch((error: unknown) => error);
    expect(second).toBeInstanceOf(ExpectedError);
    expect(second).toMatchObject({ exit: 3 });
    expect(String(second)).toMatch(
      /the stack is currently locked by 1 lock\(s\)[\s\S]*lock\.json: created by \S+@\S+ \(pid \d+\) at 20/,
    );
    await expect(s.engine(chain).refresh()).rejects.toThrow(/locked/);
    const during = await s.engine(chain).preview();
    expect(ops(during.steps)).toEqual(['create a', 'create b']);
    expect(await s.engine(chain).history()).toEqual([]);
    expect(s.engine(chain).lockInfo()?.pid).toBe(process.pid);
    leave();
    await first;
    expect(s.engine(chain).lockInfo()).toBeUndefined();
  });

  test('taken away: the running update stops at its next step and writes nothing any more', async () => {
    const s = stage();
    const engine = s.engine(chain);
    s.cloud.before = (what) => {
      if (what === 'create a') expect(engine.cancel()).toBe(true);
    };
    await expect(engine.up()).rejects.toThrow(/the lock of this update was taken away/);
    expect(s.cloud.calls).toEqual(['create a']);
    expect(engine.cancel()).toBe(false);
    const { pendingOperations, resources } = await engine.exportState();
    expect(pendingOperations).toMatchObject([{ type: 'creating', resource: { type: 'toy:index:Toy' } }]);
    expect(resources.map((r) => r.type)).toEqual(['pulumi:pulumi:Stack']);
    expect(await engine.history()).toEqual([]);
  });

  test('of a process that is gone is told from one that runs and one elsewhere', () => {
    const store = fileStore(join(stage().directory, 'x'));
    const lock = store.lock(0);
    expect(lockHolder(lock.info)).toBe('alive');
    expect(lockHolder({ ...lock.info, pid: 2 ** 22 + 1 })).toBe('dead');
    expect(lockHolder({ ...lock.info, host: 'elsewhere' })).toBe('unknown');
    lock.release();
  });
});

describe('a kill in the middle of an update', () => {
  test('at any write leaves a state that names what exists, or that its end was not seen', async () => {
    for (let writes = 0; ; writes += 1) {
      const s = stage();
      const alive = await s
        .engine(chain, { store: dying(fileStore(folder(s)), writes) })
        .up()
        .then(
          () => true,
          () => false,
        );
      s.engine(chain).cancel();
      const { resources, pendingOperations } = await s.engine(chain).exportState();
      const named = new Set(resources.map((r) => r.id));
      const unsure = new Set(pendingOperations.map((p) => p.resource.urn.split('::').at(-1)));
      const lost = [...s.cloud.things.keys()].filter((id) => !named.has(id) && !unsure.has(id.slice(0, 1)));
      expect(lost).toEqual([]);
      const again = await s.engine(chain).up();
      expect(again.outputs['of']?.value).toMatch(/^b-\d\.toy$/);
      const after = await s.engine(chain).exportState();
      expect(after.resources.map((r) => r.urn.split('::').at(-1))).toEqual(['toys-dev', 'a', 'b']);
      expect(s.cloud.things.size).toBe(2 + after.pendingOperations.length);
      if (alive) {
        expect(writes).toBeGreaterThan(8);
        break;
      }
    }
  });

  test('warns, creates again, and forgets the interrupted create only when told to', async () => {
    const s = stage();
    const real = fileStore(folder(s));
    // The journal's header, the stack, and the note that `a` is being created.
    await killed(s.engine(chain, { store: dying(real, 3) }).up());
    await expect(s.engine(chain).up()).rejects.toThrow(/locked/);
    expect(s.engine(chain).cancel()).toBe(true);
    s.events.length = 0;
    const result = await s.engine(chain).up();
    expect(ops(result.steps)).toEqual(['create a', 'create b']);
    expect(s.events.find((e) => e.kind === 'diagnostic')).toMatchObject({
      severity: 'warning',
      text: expect.stringContaining('::a, interrupted while creating') as string,
    });
    expect((await s.engine(chain).exportState()).pendingOperations).toHaveLength(1);
    await s.engine(chain).refresh();
    expect((await s.engine(chain).exportState()).pendingOperations).toHaveLength(1);
    await s.engine(chain).refresh({ clearPendingCreates: true });
    expect((await s.engine(chain).exportState()).pendingOperations).toEqual([]);
  });

  test('while deleting deletes again: handlers know that', async () => {
    const s = stage();
    await s.engine(chain).up();
    const nothing: Program = async () => ({});
    // The journal's header, the stack's outputs, and the note that `b` is being deleted.
    await killed(s.engine(nothing, { store: dying(fileStore(folder(s)), 3) }).up());
    s.engine(nothing).cancel();
    expect((await s.engine(nothing).exportState()).pendingOperations).toMatchObject([{ type: 'deleting' }]);
    const result = await s.engine(nothing).up();
    expect(ops(result.steps)).toEqual(['delete b', 'delete a']);
    expect((await s.engine(nothing).exportState()).pendingOperations).toEqual([]);
  });

  test('in the middle of a line loses that line only; damaged state is refused clearly', async () => {
    const s = stage();
    await killed(s.engine(chain, { store: dying(fileStore(folder(s)), 7) }).up());
    s.engine(chain).cancel();
    const before = (await s.engine(chain).exportState()).resources.length;
    appendFileSync(join(folder(s), 'journal.jsonl'), '{"put":7,"resou');
    expect((await s.engine(chain).exportState()).resources).toHaveLength(before);
    await s.engine(chain).up();
    appendFileSync(join(folder(s), 'history.jsonl'), '{"version":');
    await s.engine(chain).up();
    expect((await s.engine(chain).history()).map((h) => h.result)).toEqual(['succeeded', 'succeeded']);
    const file = join(folder(s), 'state.json');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 50));
    await expect(s.engine(chain).up()).rejects.toThrow('the state of this stack is damaged');
    expect(s.engine(chain).lockInfo()).toBeUndefined();
  });

  test('between snapshot and journal: the older journal is ignored', async () => {
    const s = stage();
    await killed(s.engine(chain, { store: dying(fileStore(folder(s)), 7) }).up());
    s.engine(chain).cancel();
    const journal = readFileSync(join(folder(s), 'journal.jsonl'), 'utf8');
    await s.engine(chain).up();
    const { resources } = await s.engine(chain).exportState();
    writeFileSync(join(folder(s), 'journal.jsonl'), journal);
    expect((await s.engine(chain).exportState()).resources).toEqual(resources);
    expect((await s.engine(chain).up()).changes).toEqual({ same: 3 });
  });
});
