import { z } from 'zod';
import {
  formatCpu,
  formatDuration,
  formatMemory,
  formatPercent,
  formatRatio,
  readQuantity,
} from '../units.ts';
import type { Quantity } from '../units.ts';

/**
 * The kinds of values that a configuration is made of. Rule for messages (problems.ts relies on it): an own issue's
 * message is the reason and `params.allowed` what may be written; on every other issue the message is what is allowed.
 */

/** A map with exactly these keys. */
export const strict = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? Object.keys(shape).join(', ')
        : 'a map of settings, one `key: value` a line',
  });

/** A map whose keys are names that people choose. */
export const named = <V extends z.ZodType>(pattern: RegExp, allowed: string, value: V) =>
  z.record(z.string().regex(pattern), value, {
    error: (issue) => (issue.code === 'invalid_key' ? allowed : 'a map, one `name: value` a line'),
  });

export const list = <V extends z.ZodType>(
  value: V,
  allowed: string,
  limits: { min?: number; max?: number } = {},
) =>
  z
    .array(value, { error: allowed })
    .min(limits.min ?? 0, { error: allowed })
    .max(limits.max ?? 1000, { error: allowed });

export const text = (pattern: RegExp, allowed: string) =>
  z.string({ error: allowed }).regex(pattern, { error: allowed });

/** Any text that is not blank. */
export const words = (allowed: string) => text(/\S/, allowed);

export const choice = <const V extends readonly [string, ...string[]]>(...values: V) =>
  z.enum(values, { error: values.join(', ') });

export const flag = () => z.boolean({ error: 'true or false' });

/** A count without a unit. */
export const whole = (min: number, max: number) => {
  const allowed = `a whole number from ${min} to ${max}`;
  return z.int({ error: allowed }).min(min, { error: allowed }).max(max, { error: allowed });
};

interface Range {
  readonly min?: number;
  readonly max?: number;
}

const SHOW: Readonly<Record<Quantity, (value: number) => string>> = {
  duration: formatDuration,
  percent: formatPercent,
  memory: formatMemory,
  cpu: formatCpu,
  ratio: formatRatio,
  rate: (perMinute) => `${perMinute} per minute`,
};

/** A quantity with its unit, e.g. "5 minutes"; read into the base unit (units.ts). Limits are in the base unit. */
export const quantity = (kind: Quantity, range: Range = {}) =>
  z.unknown().transform((input, context): number => {
    const fail = (message: string, allowed: string): never => {
      context.issues.push({ code: 'custom', message, params: { allowed }, input });
      return z.NEVER;
    };
    const reading = readQuantity(kind, input);
    if (!reading.ok) return fail(reading.reason, reading.allowed);
    const { min = 0, max = Number.POSITIVE_INFINITY } = range;
    const show = SHOW[kind];
    const allowed =
      max === Number.POSITIVE_INFINITY ? `at least ${show(min)}` : `${show(min)} to ${show(max)}`;
    if (reading.value < min) return fail('is too small', allowed);
    if (reading.value > max) return fail('is too large', allowed);
    return reading.value;
  });

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Milliseconds; by default one second to a day. */
export const duration = (min: number = SECOND, max: number = DAY) => quantity('duration', { min, max });
/** Milliseconds, but whole days only: S3 counts its rules in days. */
export const days = (min: number, max: number) =>
  duration(min * DAY, max * DAY).refine((ms) => ms % DAY === 0, {
    error: 'is not a whole number of days',
    params: { allowed: `"${min} days" to "${max} days"` },
  });
export const percent = (min = 0, max = 100) => quantity('percent', { min, max });
export const ratio = (min: number, max: number) => quantity('ratio', { min, max });

/** Lower-case name that becomes part of cloud names. */
export const name = (longest: number) =>
  z
    .string({ error: nameRule(longest) })
    .refine((value) => value.length <= longest, {
      error: `is longer than ${longest} characters`,
      params: { allowed: nameRule(longest) },
    })
    .refine((value) => value.length > longest || namePattern(longest).test(value), {
      error: 'is not a name that clouds take',
      params: { allowed: nameRule(longest) },
    });
export const nameRule = (longest: number): string =>
  `lower-case letters, digits and single hyphens, starting with a letter, at most ${longest} characters`;
export const namePattern = (longest: number): RegExp =>
  new RegExp(`^(?=.{1,${longest}}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*$`);

/** Name of an environment variable or of a secret as the documents write it. */
export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
export const VARIABLE_RULE = 'letters, digits and underscores, e.g. DATABASE_URL';

/** A path below a host: starts with a slash, no white space, no query or fragment. */
export const urlPath = () => text(/^\/[^\s?#]{0,199}$/, 'a path that starts with a slash, e.g. /health');
