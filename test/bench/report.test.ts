import { expect, it } from 'vitest';
import { median } from '../../bench/numbers.ts';
import { between, showAll, type Kept } from '../../bench/report.ts';

const machine = {
  at: '2026-11-21T12:00:00.000Z',
  node: '24.21.0',
  platform: 'linux-x64',
  cores: 2,
  processor: 'one',
  memory: 8,
  load: 0.3,
};
const kept: Kept = {
  format: 1,
  bench: 'demo',
  title: 'the demo',
  before: machine,
  after: { ...machine, load: 1.5 },
  rows: [
    { claim: 'quick', goal: 'at most 60 s', measured: '61 s', met: false },
    { claim: 'safe', goal: '0', measured: '0', met: true },
    { claim: 'beside it', goal: '', measured: '7', met: undefined },
  ],
  numbers: {},
};

it('the table says of each claim whether it is met, and where and under which load that was measured', () => {
  const lines = showAll([kept]).split('\n');
  expect(lines.find((line) => line.includes('quick'))).toContain('**no**');
  expect(lines.find((line) => line.includes('safe'))).toMatch(/yes\s*\|$/);
  expect(lines.find((line) => line.includes('beside it'))).toMatch(/–\s*\|$/);
  expect(lines.at(-1)).toMatch(/demo.*0\.3.*1\.5.*24\.21\.0.*2 cores/);
});

it('a claim with a pipe, or a failure of several lines, stays one row of four cells', () => {
  const rows = [{ claim: 'dump | gzip', goal: '', measured: 'refused:\nno tag', met: false }];
  const line = showAll([{ ...kept, rows }])
    .split('\n')
    .find((l) => l.includes('gzip'));
  expect(line).toContain('dump \\| gzip');
  expect(line).toContain('refused:; no tag');
  expect(line?.split(/(?<!\\)\|/)).toHaveLength(6);
});

it('results replace those between the markers and nothing else; without markers they are refused', () => {
  const page = 'a\n<!-- results: written by run.ts -->\nold\n<!-- end of results -->\nb';
  expect(between(page, 'new')).toBe(
    'a\n<!-- results: written by run.ts -->\n\nnew\n\n<!-- end of results -->\nb',
  );
  expect(() => between('a', 'new')).toThrow('lost its markers');
});

it('the median of an even number is in the middle of two; of none there is no median', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 2])).toBe(2);
  expect(() => median([])).toThrow('no measurements');
});
