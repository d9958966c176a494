import { badInput } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';

/**
 * Quantities as people write them ("5 minutes", "5 %", "4 GiB"), read strictly: a number, a unit, nothing else.
 * A plain number is refused, because 300 may be seconds to the writer and milliseconds to the reader.
 */
export type Quantity = 'duration' | 'percent' | 'memory' | 'cpu' | 'ratio' | 'rate';

export type Reading =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly reason: string; readonly allowed: string };

interface Measure {
  readonly what: string;
  /** Unit as written → how many base units it holds. The whole number must come out even for whole measures. */
  readonly units: Readonly<Record<string, number>>;
  readonly whole: string | undefined;
  readonly examples: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MEASURES: Readonly<Record<Quantity, Measure>> = {
  duration: {
    what: 'a duration',
    units: {
      ms: 1,
      millisecond: 1,
      milliseconds: 1,
      s: SECOND,
      second: SECOND,
      seconds: SECOND,
      min: MINUTE,
      minute: MINUTE,
      minutes: MINUTE,
      h: HOUR,
      hour: HOUR,
      hours: HOUR,
      d: DAY,
      day: DAY,
      days: DAY,
    },
    whole: 'milliseconds',
    examples: '"300 ms", "10 seconds", "5 minutes", "1 hour" or "365 days"',
  },
  percent: { what: 'a share', units: { '%': 1 }, whole: undefined, examples: '"5 %" or "0.5 %"' },
  memory: {
    what: 'an amount of memory',
    units: { MiB: 1, GiB: 1024, TiB: 1024 * 1024 },
    whole: 'MiB',
    examples: '"512 MiB" or "4 GiB"',
  },
  cpu: {
    what: 'an amount of CPU',
    units: { vCPU: 1024 },
    whole: 'CPU units (1 vCPU = 1024)',
    examples: '"0.5 vCPU" or "2 vCPU"',
  },
  ratio: { what: 'a ratio', units: { x: 1 }, whole: undefined, examples: '"1.5x" or "2x"' },
  rate: {
    what: 'a rate',
    units: { 'per minute': 1, 'per second': 60 },
    whole: undefined,
    examples: '"1 per minute" or "0.5 per second"',
  },
};

/** Everything that may be written for a quantity, for messages: `a number and a unit, e.g. …`. */
export const allowedText = (quantity: Quantity): string => MEASURES[quantity].examples;

/** Reads a quantity into its base unit (ms, percent, MiB, CPU units, ratio, per minute). Never throws. */
export const readQuantity = (quantity: Quantity, input: unknown): Reading => {
  const measure = MEASURES[quantity];
  const wrong = (reason: string, allowed = measure.examples): Reading => ({ ok: false, reason, allowed });
  if (typeof input === 'number') return wrong(`${measure.what} needs its unit`, withUnit(quantity, input));
  if (typeof input !== 'string') return wrong(`is not ${measure.what}`);
  const match = /^(\d+)(?:\.(\d+))? ?([A-Za-z%][A-Za-z% ]*)?$/.exec(input);
  if (!match) {
    return wrong(
      /^-\s*\d/.test(input)
        ? `${measure.what} cannot be negative`
        : `is not ${measure.what}: a number and a unit`,
    );
  }
  const [, int = '', fraction = '', unit] = match;
  if (unit === undefined) return wrong(`${measure.what} needs its unit`, withUnit(quantity, Number(input)));
  if (!Object.hasOwn(measure.units, unit)) return wrong(unknownUnit(measure, unit));
  const value = scaled(int, fraction, measure.units[unit] ?? 0, measure.whole !== undefined);
  if (value === undefined) return wrong(`is not a whole number of ${measure.whole ?? ''}`);
  if (!Number.isFinite(value) || value > Number.MAX_SAFE_INTEGER) return wrong('is too large');
  return { ok: true, value };
};

const unknownUnit = (measure: Measure, unit: string): string => {
  const decimal = /^([MGT])B$/i.exec(unit);
  if (decimal && 'GiB' in measure.units) {
    return `unknown unit \`${unit}\`; memory is counted in powers of two: \`${(decimal[1] ?? '').toUpperCase()}iB\``;
  }
  const meant = nearest(unit, Object.keys(measure.units));
  return `unknown unit \`${unit}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`;
};

/** What to write instead of a plain number. */
const withUnit = (quantity: Quantity, n: number): string => {
  if (!Number.isFinite(n) || n < 0) return MEASURES[quantity].examples;
  const given: Readonly<Record<Quantity, string>> = {
    duration: `"${plain(n)} seconds" or "${plain(n)} minutes", whichever is meant`,
    percent: `"${plain(n)} %"`,
    memory: `"${plain(n)} MiB" or "${plain(n)} GiB", whichever is meant`,
    cpu: n < 64 ? `"${plain(n)} vCPU"` : `"${plain(n / 1024)} vCPU" (1 vCPU = 1024 CPU units)`,
    ratio: `"${plain(n)}x"`,
    rate: `"${plain(n)} per minute" or "${plain(n)} per second", whichever is meant`,
  };
  return given[quantity];
};

/** Decimal arithmetic on the digits: 4.35 seconds are 4350 ms, not 4350.000000000001. */
const scaled = (int: string, fraction: string, factor: number, whole: boolean): number | undefined => {
  if (!whole && factor === 1) return Number(`${int}.${fraction === '' ? '0' : fraction}`);
  if (int.length + fraction.length > 40) return whole ? undefined : Number.POSITIVE_INFINITY;
  const product = BigInt(int + fraction) * BigInt(factor);
  const divisor = 10n ** BigInt(fraction.length);
  if (whole) return product % divisor === 0n ? Number(product / divisor) : undefined;
  return Number(product) / Number(divisor);
};

/** A number in digits, without an exponent. */
const plain = (n: number): string => {
  const text = String(n);
  const match = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, int = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  return shift < 0
    ? `0.${'0'.repeat(-shift - 1)}${int}${fraction}`
    : int + fraction.padEnd(shift, '0').slice(0, Math.max(shift, fraction.length));
};

const parse =
  (quantity: Quantity) =>
  (input: unknown, path: string = quantity): number => {
    const reading = readQuantity(quantity, input);
    if (reading.ok) return reading.value;
    throw badInput(`${path} cannot be read`, [
      { path, reason: reading.reason, got: JSON.stringify(input) ?? String(input), allowed: reading.allowed },
    ]);
  };

/** "5 minutes" → 300000 ms. Throws bad input that names `path`. */
export const parseDuration = parse('duration');
/** "5 %" → 5. */
export const parsePercent = parse('percent');
/** "4 GiB" → 4096 MiB. */
export const parseMemory = parse('memory');
/** "0.5 vCPU" → 512 CPU units. */
export const parseCpu = parse('cpu');
/** "1.5x" → 1.5. */
export const parseRatio = parse('ratio');
/** "1 per minute" → 1 (a minute). */
export const parseRate = parse('rate');

const count = (n: number, unit: string): string => `${plain(n)} ${unit}${n === 1 ? '' : 's'}`;

/** 300000 → "5 minutes": the largest unit that comes out even, so that nothing is rounded. `ms` is a whole number. */
export const formatDuration = (ms: number): string => {
  if (ms === 0) return '0 seconds';
  // Ninety minutes are said as such: "1.5 hours" would be shorter and harder to compare with a log.
  if (ms % DAY === 0) return count(ms / DAY, 'day');
  if (ms % HOUR === 0) return count(ms / HOUR, 'hour');
  if (ms % MINUTE === 0) return count(ms / MINUTE, 'minute');
  if (ms % SECOND === 0) return count(ms / SECOND, 'second');
  return `${plain(ms)} ms`;
};
/** 5 → "5 %". */
export const formatPercent = (percent: number): string => `${plain(percent)} %`;
/** 4096 → "4 GiB". */
export const formatMemory = (mib: number): string =>
  mib !== 0 && mib % 1024 === 0 ? `${plain(mib / 1024)} GiB` : `${plain(mib)} MiB`;
/** 512 → "0.5 vCPU". */
export const formatCpu = (units: number): string => `${plain(units / 1024)} vCPU`;
/** 1.5 → "1.5x". */
export const formatRatio = (ratio: number): string => `${plain(ratio)}x`;
/** 1 → "1 per minute". */
export const formatRate = (perMinute: number): string => `${plain(perMinute)} per minute`;
