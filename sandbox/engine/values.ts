import { UNKNOWN } from '../provider/contract.ts';
import type { Props } from '../provider/contract.ts';

/** Marks a special value inside plain JSON, on the wire and in state. */
export const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';

/** A value whose text must never reach state, history or events in clear. */
export interface Secret {
  readonly [SIGNATURE]: typeof SECRET;
  readonly value: unknown;
}

/** The same as it is stored. */
export interface SealedSecret {
  readonly [SIGNATURE]: typeof SECRET;
  readonly ciphertext: string;
}

export const isRecord = (value: unknown): value is Props =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSecret = (value: unknown): value is Secret =>
  isRecord(value) && value[SIGNATURE] === SECRET && !('ciphertext' in value);
export const isSealed = (value: unknown): value is SealedSecret =>
  isRecord(value) && value[SIGNATURE] === SECRET && 'ciphertext' in value;

export const secret = (value: unknown): Secret => ({ [SIGNATURE]: SECRET, value });
export const sealed = (ciphertext: string): SealedSecret => ({ [SIGNATURE]: SECRET, ciphertext });

const some = (value: unknown, test: (v: unknown) => boolean): boolean => {
  if (test(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((v) => some(v, test));
  for (const key in value) if (some((value as Props)[key], test)) return true;
  return false;
};

export const containsSecret = (value: unknown): boolean => some(value, isSecret);
export const containsUnknown = (value: unknown): boolean => some(value, (v) => v === UNKNOWN);

/** Rebuilds a value with `visit` applied from the outside in; untouched parts are shared, not copied. */
export const rewrite = (value: unknown, visit: (v: object) => unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const seen = visit(value);
  if (seen !== value) return seen;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (const [index, item] of value.entries()) {
      const next = rewrite(item, visit);
      if (next !== item) (copy ??= [...value])[index] = next;
    }
    return copy ?? value;
  }
  let copy: Props | undefined;
  for (const key in value) {
    const item = (value as Props)[key];
    const next = rewrite(item, visit);
    if (next !== item) (copy ??= { ...value })[key] = next;
  }
  return copy ?? value;
};

/** The value without its marks: what a handler sees. */
export const unwrap = (value: unknown): unknown => rewrite(value, (v) => (isSecret(v) ? unwrap(v.value) : v));
export const unwrapProps = (props: Props): Props => unwrap(props) as Props;

/**
 * Marks in `outputs` what was secret in `inputs`, at the same path. A list with a secret anywhere inside is marked
 * as a whole: a handler may have put its items into another order.
 */
export const markLike = (outputs: Props, inputs: Props): Props => {
  let copy: Props | undefined;
  for (const key in inputs) {
    if (!Object.hasOwn(outputs, key)) continue;
    const given = inputs[key];
    const got = outputs[key];
    let next = got;
    if (isRecord(given) && isRecord(got) && !isSecret(given) && !isSecret(got)) next = markLike(got, given);
    else if (!isSecret(got) && containsSecret(given)) next = secret(got);
    if (next !== got) (copy ??= { ...outputs })[key] = next;
  }
  return copy ?? outputs;
};

/** Marks the named top-level outputs. */
export const markNamed = (outputs: Props, names: readonly string[]): Props => {
  let copy: Props | undefined;
  for (const name of names) {
    if (!Object.hasOwn(outputs, name) || isSecret(outputs[name])) continue;
    (copy ??= { ...outputs })[name] = secret(unwrap(outputs[name]));
  }
  return copy ?? outputs;
};

/** Of an SSH connection, which the SDK marks as a whole: these are no secrets, and messages must name them. */
const CONNECTION = new Set(['host', 'user', 'hostKey']);

/** The text of every string inside a secret, for redaction. */
export const secretTexts = (value: unknown, add: (text: string) => void): void => {
  const inside = (v: unknown): void => {
    if (typeof v === 'string') add(v);
    else if (typeof v === 'object' && v !== null) {
      const open = Object.hasOwn(v, 'privateKey') ? CONNECTION : undefined;
      for (const [key, item] of Object.entries(v)) if (open?.has(key) !== true) inside(item);
    }
  };
  some(value, (v) => {
    if (isSecret(v)) inside(v.value);
    return false;
  });
};

export const deepEqual = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => deepEqual(item, b[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && deepEqual((a as Props)[key], (b as Props)[key]));
};
