import { createHash } from 'node:crypto';
import { isAutomatic } from './diff.ts';
import { isKnown } from './values.ts';
import type { CheckFailure, CheckRequest, CheckResult, Props } from './contract.ts';
import type { Handler } from './handler.ts';

const automaticName = (logical: string, seed: string): string =>
  `${logical}-${createHash('sha256').update(`${logical} ${seed}`).digest('hex').slice(0, 7)}`;

const nameFailures = (handler: Handler, inputs: Props): CheckFailure[] => {
  if (handler.autoName === undefined) return [];
  const { property, max } = handler.autoName;
  const name = inputs[property];
  if (typeof name !== 'string' || name.length <= max) return [];
  return [{ property, reason: `'${name}' has ${name.length} characters: allowed are at most ${max}` }];
};

/** Fills in defaults and the automatic name (kept from the last inputs), and says what AWS would refuse. */
export const checkInputs = (handler: Handler, request: CheckRequest): CheckResult => {
  const inputs: Props = {};
  for (const [key, value] of Object.entries({ ...handler.defaults, ...request.news }))
    if (value !== undefined && value !== null) inputs[key] = value;
  for (const [key, value] of Object.entries(handler.defaults ?? {})) inputs[key] ??= value;
  const property = handler.autoName?.property;
  if (property !== undefined && inputs[property] === undefined) {
    const logical = request.urn.split('::').at(-1) ?? '';
    const prefix = inputs[`${property}Prefix`];
    const base = typeof prefix === 'string' ? prefix.replace(/-$/, '') : logical;
    const old = request.olds[property];
    inputs[property] =
      typeof old === 'string' && isAutomatic(old, base) ? old : automaticName(base, request.randomSeed);
  }
  const missing = (handler.required ?? [])
    .filter((key) => inputs[key] === undefined)
    .map((key) => ({ property: key, reason: `missing required property '${key}'` }));
  const refused = missing.length > 0 ? [] : (handler.validate?.(inputs) ?? []);
  return { inputs, failures: [...missing, ...nameFailures(handler, inputs), ...refused] };
};

/** A failure when a known number lies outside its range. */
export const inRange = (
  property: string,
  value: number | undefined,
  low: number,
  high: number,
): CheckFailure[] =>
  value === undefined || !isKnown(value) || (Number.isInteger(value) && value >= low && value <= high)
    ? []
    : [{ property, reason: `${value} is not allowed: whole numbers from ${low} to ${high} are` }];
