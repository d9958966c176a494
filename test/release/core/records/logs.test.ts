import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeLogs } from '../../../../release/core/records/logs.ts';

const line = (second: number, text: string): string =>
  `2026-11-21T10:00:${String(second).padStart(2, '0')}.000Z ${text}\n`;

describe('logs of several jobs', () => {
  it('stand together in the order of time, lines without one behind the line they belong to', () => {
    const kept = `${line(1, 'backup begins')}${line(5, 'failed: first\n  second\n')}`;
    const own = `${line(3, 'from another machine')}${line(9, 'last')}`;
    expect(mergeLogs(kept, own)).toBe(
      `${line(1, 'backup begins')}${line(3, 'from another machine')}${line(5, 'failed: first\n  second\n')}${line(9, 'last')}`,
    );
  });

  it('keep a line that was said twice, and add one that both know only once', () => {
    const twice = `${line(1, 'try')}${line(1, 'try')}`;
    expect(mergeLogs(line(1, 'try'), twice)).toBe(twice);
    expect(mergeLogs(twice, line(1, 'try'))).toBe(twice);
  });

  const logs = fc.array(fc.tuple(fc.nat(59), fc.constantFrom('a', 'b', 'c d'))).map((all) =>
    all
      .toSorted(([a], [b]) => a - b)
      .map(([s, t]) => line(s, t))
      .join(''),
  );

  it('written again change nothing, and lose no line of either', () => {
    fc.assert(
      fc.property(logs, logs, (a, b) => {
        const merged = mergeLogs(a, b);
        expect(mergeLogs(merged, b)).toBe(merged);
        expect(mergeLogs(merged, a)).toBe(merged);
        const count = (log: string, wanted: string): number =>
          log.split('\n').filter((l) => l === wanted).length;
        for (const one of new Set(`${a}${b}`.split('\n')))
          if (one !== '') expect(count(merged, one)).toBe(Math.max(count(a, one), count(b, one)));
      }),
    );
  });
});
