import { expect, it } from 'vitest';
import type { Evaluation } from '../../../bench/program/evaluate.ts';
import { programFindings } from '../../../bench/program/program.ts';

const evaluation = (change: Partial<Evaluation> = {}): Evaluation => ({
  resources: 167,
  coldMs: 900,
  coldCpuMs: 800,
  coldPeak: 180e6,
  againMs: 80,
  againCpuMs: 120,
  againMainMs: 70,
  ...change,
});

const met = (plain: readonly Evaluation[]): (boolean | undefined)[] =>
  programFindings(plain, [evaluation({ coldCpuMs: 400 })]).rows.map((row) => row.met);

it('times are judged by their median, memory by the most', () => {
  expect(met([evaluation(), evaluation(), evaluation({ coldMs: 9_000, againMs: 900 })])).toEqual([
    true,
    true,
    true,
    undefined,
  ]);
  expect(met([evaluation(), evaluation(), evaluation({ coldPeak: 251e6 })])).toEqual([
    true,
    false,
    true,
    undefined,
  ]);
});

it('each limit is its own', () => {
  expect(met([evaluation({ coldMs: 1_501 })])).toEqual([false, true, true, undefined]);
  expect(met([evaluation({ againMs: 101 })])).toEqual([true, true, false, undefined]);
});

it('the compile cache is told as a ratio, and promises nothing', () => {
  const { rows } = programFindings([evaluation()], [evaluation({ coldCpuMs: 400 })]);
  expect(rows.at(-1)).toMatchObject({ met: undefined });
  expect(rows.at(-1)?.measured).toContain('0.50 ×');
});
