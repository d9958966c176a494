import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpectedError } from '../../lib/errors.ts';
import {
  formatCpu,
  formatDuration,
  formatMemory,
  formatPercent,
  formatRate,
  formatRatio,
  parseCpu,
  parseDuration,
  parseMemory,
  parsePercent,
  parseRate,
  parseRatio,
  readQuantity,
} from '../../config/units.ts';

describe('quantities as people write them', () => {
  it.each([
    ['300 ms', 300],
    ['10 seconds', 10_000],
    ['10s', 10_000],
    ['1 minute', 60_000],
    ['0.5 minutes', 30_000],
    ['5 min', 300_000],
    ['1 hour', 3_600_000],
    ['365 days', 31_536_000_000],
    ['4.35 seconds', 4350],
    ['0 seconds', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    [parsePercent, '5 %', 5],
    [parsePercent, '5%', 5],
    [parsePercent, '0.1 %', 0.1],
    [parseMemory, '4 GiB', 4096],
    [parseMemory, '512 MiB', 512],
    [parseMemory, '0.5 GiB', 512],
    [parseCpu, '2 vCPU', 2048],
    [parseCpu, '0.25 vCPU', 256],
    [parseRatio, '1.5x', 1.5],
    [parseRate, '1 per minute', 1],
    [parseRate, '0.5 per second', 30],
  ])('%o %s', (parse, text, value) => {
    expect(parse(text)).toBe(value);
  });
});

describe('what is refused', () => {
  const refusal = (quantity: Parameters<typeof readQuantity>[0], input: unknown): string => {
    const reading = readQuantity(quantity, input);
    return reading.ok ? `read as ${reading.value}` : `${reading.reason}; ${reading.allowed}`;
  };
  const examples = '"300 ms", "10 seconds", "5 minutes", "1 hour" or "365 days"';

  it.each([
    ['12x minutes', `unknown unit \`x minutes\`; did you mean \`minutes\`?; ${examples}`],
    ['0.5minutesfoo', `unknown unit \`minutesfoo\`; did you mean \`minutes\`?; ${examples}`],
    ['5 parsecs', `unknown unit \`parsecs\`; ${examples}`],
    ['5 mintues', `unknown unit \`mintues\`; did you mean \`minutes\`?; ${examples}`],
    ['5 Minutes', `unknown unit \`Minutes\`; did you mean \`minutes\`?; ${examples}`],
    ['-5 minutes', `a duration cannot be negative; ${examples}`],
    ['NaN minutes', `is not a duration: a number and a unit; ${examples}`],
    ['1e3 seconds', `is not a duration: a number and a unit; ${examples}`],
    ['Infinity hours', `is not a duration: a number and a unit; ${examples}`],
    ['five minutes', `is not a duration: a number and a unit; ${examples}`],
    ['5 minutes ', `unknown unit \`minutes \`; did you mean \`minutes\`?; ${examples}`],
    [' 5 minutes', `is not a duration: a number and a unit; ${examples}`],
    ['.5 minutes', `is not a duration: a number and a unit; ${examples}`],
    ['5. minutes', `is not a duration: a number and a unit; ${examples}`],
    ['1,5 minutes', `is not a duration: a number and a unit; ${examples}`],
    ['', `is not a duration: a number and a unit; ${examples}`],
    ['0.0001 seconds', `is not a whole number of milliseconds; ${examples}`],
    ['999999999999 days', `is too large; ${examples}`],
    ['constructor', `is not a duration: a number and a unit; ${examples}`],
    ['5 constructor', `unknown unit \`constructor\`; ${examples}`],
    [300, 'a duration needs its unit; "300 seconds" or "300 minutes", whichever is meant'],
    ['300', 'a duration needs its unit; "300 seconds" or "300 minutes", whichever is meant'],
    [Number.NaN, `a duration needs its unit; ${examples}`],
    [-1, `a duration needs its unit; ${examples}`],
    [true, `is not a duration; ${examples}`],
    [['5 minutes'], `is not a duration; ${examples}`],
  ])('%j', (input, message) => {
    expect(refusal('duration', input)).toBe(message);
  });

  it('says what to write for the other quantities', () => {
    expect(refusal('percent', 5)).toBe('a share needs its unit; "5 %"');
    expect(refusal('percent', '5 percent')).toContain('unknown unit `percent`');
    expect(refusal('memory', 2048)).toBe(
      'an amount of memory needs its unit; "2048 MiB" or "2048 GiB", whichever is meant',
    );
    expect(refusal('memory', '4 GB')).toContain(
      'unknown unit `GB`; memory is counted in powers of two: `GiB`',
    );
    expect(refusal('memory', '0.3 MiB')).toContain('is not a whole number of MiB');
    expect(refusal('cpu', 1024)).toBe('an amount of CPU needs its unit; "1 vCPU" (1 vCPU = 1024 CPU units)');
    expect(refusal('ratio', 1.5)).toBe('a ratio needs its unit; "1.5x"');
    expect(refusal('rate', '1 per fortnight')).toContain('unknown unit `per fortnight`');
  });

  it('throws one expected error with the path and exit code 2', () => {
    const thrown = (): number => parseDuration('5 parsecs', '--bake');
    expect(thrown).toThrow(ExpectedError);
    expect(thrown).toThrow(/--bake: unknown unit `parsecs` \(got "5 parsecs"; allowed: .*"5 minutes"/);
  });
});

describe('quantities for people', () => {
  it.each([
    [300_000, '5 minutes'],
    [60_000, '1 minute'],
    [5_400_000, '90 minutes'],
    [1500, '1500 ms'],
    [86_400_000, '1 day'],
    [0, '0 seconds'],
  ])('%i ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('are read back as they were, whatever their size', () => {
    const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    const real = fc.double({ min: 0, max: 1e12, noNaN: true }).map((n) => (n === 0 ? 0 : n));
    fc.assert(
      fc.property(count, real, (n, x) => {
        expect(parseDuration(formatDuration(n))).toBe(n);
        expect(parseMemory(formatMemory(n))).toBe(n);
        expect(parseCpu(formatCpu(n % 1_000_000))).toBe(n % 1_000_000);
        expect(parsePercent(formatPercent(x))).toBe(x);
        expect(parseRatio(formatRatio(x))).toBe(x);
        expect(parseRate(formatRate(x))).toBe(x);
      }),
      { numRuns: 1000 },
    );
  });

  it('are never read from anything that is not a number and one of the units', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const reading = readQuantity('duration', text);
        if (reading.ok) expect(text).toMatch(/^\d+(\.\d+)? ?(ms|s|min|h|d|[a-z]+s?)$/);
      }),
    );
  });
});
