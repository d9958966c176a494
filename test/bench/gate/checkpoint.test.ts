/** A run of an hour may be stopped at any moment; what it had finished must neither be lost nor mixed up. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Checkpoint } from '../../../bench/gate/checkpoint.ts';
import { cell } from './cell.ts';

const finished = cell({ p90: 40, bad: 0.5 });

describe('what a stopped run had finished', () => {
  let folder = '';
  const file = (): URL => pathToFileURL(join(folder, 'progress.jsonl'));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is there when it is started again', () => {
    new Checkpoint(file(), 1).put('a', [finished]);
    const again = new Checkpoint(file(), 1);
    expect(again.get('a')).toEqual([finished]);
    expect(again.get('b')).toBeUndefined();
  });

  it('is forgotten for another seed', () => {
    new Checkpoint(file(), 1).put('a', [finished]);
    expect(new Checkpoint(file(), 2).get('a')).toBeUndefined();
    expect(new Checkpoint(file(), 1).get('a')).toBeUndefined();
  });

  it('survives an end in the middle of a line', () => {
    new Checkpoint(file(), 1).put('a', [finished]);
    appendFileSync(file(), '["b",[{"part":"ca');
    const again = new Checkpoint(file(), 1);
    expect(again.get('b')).toBeUndefined();
    again.put('c', []);
    const third = new Checkpoint(file(), 1);
    expect([third.get('a'), third.get('c')]).toEqual([[finished], []]);
    expect(readFileSync(file(), 'utf8')).not.toContain('"b"');
  });
});
