import type { Props } from '../provider/contract.ts';
import { isSecret, secret } from './values.ts';

/** A property path as options name it: `tags.note`, `triggers[0]`, `triggers[*]`, `tags["a.b"]`. */
export type Path = readonly (string | number)[];

const TOKEN = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.[\]]+)/gy;

/** Parses a path; undefined when it is none. */
export const parsePath = (text: string): Path | undefined => {
  const path: (string | number)[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const [, quoted, index, key] = match;
    if (quoted !== undefined) path.push(quoted.replace(/\\(.)/g, '$1'));
    else if (index !== undefined) path.push(index === '*' ? '*' : Number(index));
    else if (key !== undefined) path.push(key);
  }
  return path.length > 0 ? path : undefined;
};

/** Whether `leaf` lies at or below `path`, where `*` stands for any one step. A leaf above the path does not. */
export const covers = (path: Path, leaf: Path): boolean =>
  leaf.length >= path.length && path.every((step, i) => step === '*' || step === leaf[i]);

const inner = (value: unknown): unknown => (isSecret(value) ? inner(value.value) : value);

/** Takes the value at `path` from `old` into a copy of `next`; undefined when the two do not match there. */
const take = (path: Path, old: unknown, next: unknown): { value: unknown } | undefined => {
  const [step, ...rest] = path;
  if (step === undefined) return { value: old };
  const from = inner(old);
  const into = inner(next);
  const wrap = (value: unknown): { value: unknown } => ({
    value: isSecret(next) || isSecret(old) ? secret(value) : value,
  });
  if (Array.isArray(into)) {
    if (!Array.isArray(from)) return undefined;
    const copy: unknown[] = [...into];
    for (const index of step === '*' ? from.keys() : [Number(step)]) {
      if (index >= from.length && index >= into.length) continue;
      if (index >= from.length || index >= into.length) return undefined;
      const taken = take(rest, from[index], into[index]);
      if (taken === undefined) return undefined;
      copy[index] = taken.value;
    }
    return step === '*' && from.length !== into.length ? undefined : wrap(copy);
  }
  if (typeof into !== 'object' || into === null || typeof from !== 'object' || from === null)
    return from === into ? { value: next } : undefined;
  const copy: Props = { ...into };
  const source = from as Props;
  const keys = step === '*' ? new Set([...Object.keys(source), ...Object.keys(copy)]) : [String(step)];
  for (const key of keys) {
    const had = Object.hasOwn(source, key);
    const has = Object.hasOwn(copy, key);
    if (!had && !has) continue;
    if (rest.length === 0) {
      if (had) copy[key] = source[key];
      else delete copy[key];
      continue;
    }
    if (!had || !has) return undefined;
    const taken = take(rest, source[key], copy[key]);
    if (taken === undefined) return undefined;
    copy[key] = taken.value;
  }
  return wrap(copy);
};

/**
 * `ignoreChanges`: the new inputs with the old value at every named path.
 * `invalid` names paths that lead into added or removed elements, where nothing can be kept.
 */
export const keepOld = (
  paths: readonly string[],
  old: Props,
  next: Props,
): { inputs: Props; invalid: string[] } => {
  let inputs = next;
  const invalid: string[] = [];
  for (const text of paths) {
    const path = parsePath(text);
    const taken = path === undefined ? undefined : take(path, old, inputs);
    if (taken === undefined) invalid.push(text);
    else inputs = taken.value as Props;
  }
  return { inputs, invalid };
};
