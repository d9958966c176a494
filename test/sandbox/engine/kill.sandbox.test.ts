import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockHolder } from '../../../sandbox/engine/index.ts';
import type { Program } from '../../../sandbox/engine/index.ts';
import { ops, stage, toy } from './toy.ts';

const program: Program = async () => ({ of: toy('b', { note: toy('a').address }).address });

test('an update that is killed with -9 leaves its lock, what exists, and a note of what was being made', async () => {
  const { engine, directory } = stage();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-update.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  await once(child.stdout, 'data');
  const running = engine(program).lockInfo();
  expect(running && lockHolder(running)).toBe('alive');
  await expect(engine(program).up()).rejects.toThrow(`pid ${child.pid}`);
  child.kill('SIGKILL');
  await gone;
  const left = engine(program).lockInfo();
  expect(left && lockHolder(left)).toBe('dead');
  await expect(engine(program).up()).rejects.toThrow('not running any more');
  expect(engine(program).cancel()).toBe(true);
  const { resources, pendingOperations } = await engine(program).exportState();
  expect(resources.map((r) => r.id)).toEqual(['', 'a-1']);
  expect(pendingOperations.map((p) => [p.type, p.resource.urn.split('::').at(-1)])).toEqual([
    ['creating', 'b'],
  ]);
  expect(await engine(program).history()).toEqual([]);
  expect(ops((await engine(program).up()).steps)).toEqual(['create b']);
});
