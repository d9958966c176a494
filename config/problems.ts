import type { z } from 'zod';
import type { Problem } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import { HIDDEN, isSecretKey, redactText } from '../lib/redact.ts';

/** Where a value stands: keys and list positions from the root. */
export type Path = readonly PropertyKey[];

/** `sluice:app.stages[1].traffic`; keys that are no plain words in quotes. */
export const showPath = (root: string, path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const key = String(step);
    return /^[A-Za-z_][\w-]*$/.test(key) ? `${text}.${key}` : `${text}[${JSON.stringify(key)}]`;
  }, root);

/** The value at a path, or undefined where there is none. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (v, step) =>
      typeof v === 'object' && v !== null && Object.hasOwn(v, step)
        ? (v as Record<PropertyKey, unknown>)[step]
        : undefined,
    value,
  );

const LONGEST_SHOWN = 80;

/** A value as given, short, without secrets: for the `got` of a problem. */
export const showValue = (value: unknown, path: Path): string | undefined => {
  if (value === undefined) return undefined;
  if (path.some((step) => typeof step === 'string' && isSecretKey(step))) return HIDDEN;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0
      ? 'an empty map'
      : `a map with ${listed(keys.slice(0, 4))}${keys.length > 4 ? ', …' : ''}`;
  }
  const text = redactText(JSON.stringify(value) ?? typeof value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}… (${text.length} characters)` : text;
};

const listed = (keys: readonly string[]): string => keys.map((k) => `\`${k}\``).join(', ');

/** What a schema adds to a custom issue: `reason` is its message. */
interface Params {
  readonly allowed?: string;
  /** The value is not repeated: it says nothing, or is secret. */
  readonly quiet?: boolean;
}

/**
 * Issues of a schema as problems. The schemas of this folder follow one rule: an own (`custom`) issue's message is
 * the reason; the message of every other issue is what is *allowed* there (fields.ts sets it).
 */
export const problemsOf = (issues: readonly z.core.$ZodIssue[], input: unknown, root: string): Problem[] => {
  const meant = new Set(meantPaths(issues, input).map((path) => showPath(root, path)));
  return issues
    .filter((issue) => !(valueAt(input, issue.path) === undefined && meant.has(showPath(root, issue.path))))
    .flatMap((issue) => problemOf(issue, input, root));
};

/** Paths that misspelt keys were probably meant for, where nothing stands: to say that they are missing is noise. */
export const meantPaths = (issues: readonly z.core.$ZodIssue[], input: unknown): Path[] =>
  issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const valid = issue.message.split(', ');
    return issue.keys
      .flatMap((key) => nearest(key, valid) ?? [])
      .map((key) => [...issue.path, key])
      .filter((path) => valueAt(input, path) === undefined);
  });

/** Where a single value was written in the place of a list of one, the value's own path. */
const writtenPath = (path: Path, input: unknown): Path => {
  const above = path.slice(0, -1);
  const holder = typeof path.at(-1) === 'number' ? valueAt(input, above) : undefined;
  return holder === undefined || Array.isArray(holder) ? path : above;
};

const problemOf = (issue: z.core.$ZodIssue, input: unknown, root: string): Problem[] => {
  const path = writtenPath(issue.path, input);
  const given = valueAt(input, path);
  const make = (reason: string, allowed: string | undefined, quiet = false): Problem => {
    const got = quiet || given === null ? undefined : showValue(given, path);
    return {
      path: showPath(root, path),
      reason,
      ...(got === undefined ? {} : { got }),
      ...(allowed === undefined ? {} : { allowed }),
    };
  };
  if (issue.code === 'unrecognized_keys') {
    const valid = issue.message.split(', ');
    return issue.keys.map((key) => unknownKey(showPath(root, path), key, valid));
  }
  if (given === undefined) return [make('is missing', allowedOf(issue))];
  if (given === null) return [make('is empty', allowedOf(issue))];
  switch (issue.code) {
    case 'custom': {
      const { quiet } = paramsOf(issue);
      return [make(issue.message, allowedOf(issue), quiet)];
    }
    case 'invalid_type':
      return [make(wrongType(issue.expected), allowedOf(issue))];
    case 'invalid_value':
    case 'invalid_union':
      return [make(`is not one of the allowed values${didYouMean(given, issue.message)}`, allowedOf(issue))];
    case 'invalid_key':
      return [make('is not an allowed name', allowedOf(issue), true)];
    case 'too_small':
      return [make(issue.origin === 'array' ? 'has too few entries' : 'is too small', allowedOf(issue))];
    case 'too_big':
      return [make(issue.origin === 'array' ? 'has too many entries' : 'is too large', allowedOf(issue))];
    case 'invalid_format':
    case 'invalid_element':
    case 'not_multiple_of':
      return [make('is not well formed', allowedOf(issue))];
    default:
      issue satisfies never;
      return [];
  }
};

const paramsOf = (issue: z.core.$ZodIssueCustom): Params => (issue.params ?? {}) as Params;

const allowedOf = (issue: z.core.$ZodIssue): string | undefined =>
  issue.code === 'custom' ? paramsOf(issue).allowed : issue.message;

const wrongType = (expected: string): string => {
  const names: Readonly<Record<string, string>> = {
    object: 'a map of settings',
    record: 'a map of names',
    array: 'a list',
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
  };
  return `is not ${names[expected] ?? expected}`;
};

const didYouMean = (given: unknown, allowed: string): string => {
  const meant = typeof given === 'string' ? nearest(given, allowed.split(', ')) : undefined;
  return meant === undefined ? '' : `; did you mean \`${meant}\`?`;
};

/** ``unknown key `stagse`; did you mean `stages`?`` The value is never shown: nobody knows what it is. */
export const unknownKey = (path: string, key: string, valid: readonly string[]): Problem => {
  const meant = nearest(key, valid);
  return {
    path,
    reason: `unknown key \`${key}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
    // With the right word at hand the whole list is noise.
    ...(meant === undefined ? { allowed: valid.join(', ') } : {}),
  };
};
