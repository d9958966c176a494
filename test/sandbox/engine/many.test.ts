import * as pulumi from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import type { Program } from '../../../sandbox/engine/index.ts';
import { group, toy, stage } from './toy.ts';

const sized =
  (count: number): Program =>
  async () => {
    const groups = Array.from({ length: Math.ceil(count / 20) }, (_, i) => group(`g${i}`));
    let last: ReturnType<typeof toy> | undefined;
    for (const [g, parent] of groups.entries())
      for (let i = 0; i < 19; i += 1) last = toy(`t${g}-${i}`, { size: i, note: last?.address }, { parent });
    return { of: last?.address };
  };

describe('many', () => {
  test('stacks run at the same time, each with its own settings, errors and results', async () => {
    const stacks = ['one', 'two', 'three'].map((name) => ({ name, ...stage(name) }));
    const program: Program = async () => {
      const name = new pulumi.Config('sluice').require('name');
      const a = toy('a', { note: name });
      await new Promise((resolve) => setTimeout(resolve, 5));
      const b = toy('b', { note: a.note });
      if (name === 'two')
        b.note.apply(() => {
          throw new Error('two fails');
        });
      return { name: b.note, stack: pulumi.getStack() };
    };
    const results = await Promise.allSettled(
      stacks.map(({ engine, name }) => engine(program, { config: { 'sluice:name': name } }).up()),
    );
    expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    for (const [index, result] of results.entries()) {
      const { name, cloud } = stacks[index] ?? { name: '', cloud: undefined };
      expect(cloud?.calls).toEqual(['create a', 'create b']);
      if (result.status === 'rejected') expect(String(result.reason)).toContain('two fails');
      else {
        expect(result.value.outputs['name']?.value).toBe(name);
        expect(result.value.outputs['stack']?.value).toBe(name);
      }
    }
  });

  test('runs in a row leave nothing behind', async () => {
    const { engine } = stage();
    const limit = Error.stackTraceLimit;
    const program = sized(20);
    const failing: Program = async () => {
      await program();
      throw new Error('on purpose');
    };
    const listeners = new Set<number>();
    let middle = 0;
    for (let run = 0; run < 200; run += 1) {
      if (run % 10 === 9) await expect(engine(failing).up()).rejects.toThrow('on purpose');
      else await engine(program).up();
      listeners.add(process.listenerCount('unhandledRejection'));
      if (run === 99) middle = process.memoryUsage().heapUsed;
    }
    expect(listeners.size).toBe(1);
    expect(Error.stackTraceLimit).toBe(limit);
    expect((await engine(program).history()).length).toBe(200);
    // Without a forced collection the heap moves; a leak of whole runs would be hundreds of megabytes.
    expect(process.memoryUsage().heapUsed - middle).toBeLessThan(150e6);
  });

  test('stacks may keep the places of their errors, which others do without', async () => {
    const { engine } = stage();
    const broken: Program = async () => {
      throw new TypeError('a bug');
    };
    const placeOf = async (stackTraces: boolean): Promise<string> => {
      const error: unknown = await engine(broken, { stackTraces })
        .up()
        .catch((reason: unknown) => reason);
      const cause = error instanceof Error ? error.cause : undefined;
      return cause instanceof Error ? (cause.stack ?? '') : '';
    };
    expect(await placeOf(false)).not.toContain('many.test.ts');
    expect(await placeOf(true)).toContain('many.test.ts');
  });

  test('resources: the time of each does not grow with their number', async () => {
    const perResource = async (count: number): Promise<number> => {
      const { engine } = stage();
      let best = Infinity;
      await engine(sized(count)).up();
      for (let round = 0; round < 2; round += 1) {
        const before = process.cpuUsage();
        await engine(sized(count)).up();
        best = Math.min(best, process.cpuUsage(before).user / count);
      }
      return best;
    };
    await perResource(100);
    const small = await perResource(250);
    const large = await perResource(2000);
    // The bench states the exact ratio; a quadratic step would show as a factor of eight here.
    expect(large / small).toBeLessThan(3);
  });
});
