/** A run of an hour may be stopped at any moment; what it had finished must neither be lost nor mixed up. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cell } from '../../../bench/gate/cells.ts';
import { Checkpoint } from '../../../bench/gate/checkpoint.ts';

const cell: Cell = {
  part: 'calm',
  group: 'calm',
  kind: 'identical release',
  rate: 100,
  errors: 0.001,
  share: 0.05,
  rule: 'this gate, 10 s',
  runs: 20_000,
  failed: 20,
  undecided: 0,
  median: null,
  p90: 40,
  bad: 0.5,
};

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
    new Checkpoint(file(), 1).put('a', [cell]);
    const again = new Checkpoint(file(), 1);
    expect(again.get('a')).toEqual([cell]);
    expect(again.get('b')).toBeUndefined();
  });

  it('is forgotten for another seed', () => {
    new Checkpoint(file(), 1).put('a', [cell]);
    expect(new Checkpoint(file(), 2).get('a')).toBeUndefined();
    expect(new Checkpoint(file(), 1).get('a')).toBeUndefined();
  });

  it('survives an end in the middle of a line', () => {
    new Checkpoint(file(), 1).put('a', [cell]);
    appendFileSync(file(), '["b",[{"part":"ca');
    const again = new Checkpoint(file(), 1);
    expect(again.get('b')).toBeUndefined();
    again.put('c', []);
    const third = new Checkpoint(file(), 1);
    expect([third.get('a'), third.get('c')]).toEqual([[cell], []]);
    expect(readFileSync(file(), 'utf8')).not.toContain('"b"');
  });
});
