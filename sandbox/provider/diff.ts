import { isObject } from './values.ts';
import type { DiffKind, DiffRequest, DiffResult, Props } from './contract.ts';
import type { Handler } from './handler.ts';

interface Leaf {
  readonly path: string;
  readonly top: string;
  readonly kind: 'add' | 'delete' | 'update';
}

const child = (path: string, key: string): string => {
  if (path === '') return key;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
};

const present = (value: unknown): boolean => value !== undefined && value !== null;

const walk = (path: string, top: string, before: unknown, after: unknown, into: Leaf[]): void => {
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      if (!key.startsWith('__'))
        walk(child(path, key), top === '' ? key : top, before[key], after[key], into);
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i += 1)
      walk(`${path}[${i}]`, top, before[i], after[i], into);
    return;
  }
  if (present(before) && present(after)) {
    if (before !== after) into.push({ path, top, kind: 'update' });
  } else if (present(after)) into.push({ path, top, kind: 'add' });
  else if (present(before)) into.push({ path, top, kind: 'delete' });
};

/** Every leaf that differs, by path. */
export const leafChanges = (before: Props, after: Props): Leaf[] => {
  const leaves: Leaf[] = [];
  walk('', '', before, after, leaves);
  return leaves;
};

const forcesReplacement = (handler: Handler, top: string): boolean => {
  const { replaces = [] } = handler;
  return 'allBut' in replaces ? !replaces.allBut.includes(top) : replaces.includes(top);
};

const ignored = (path: string, ignoreChanges: readonly string[]): boolean =>
  ignoreChanges.some(
    (ignore) => path === ignore || path.startsWith(`${ignore}.`) || path.startsWith(`${ignore}[`),
  );

/** Compares the last inputs with the new ones. */
export const diffInputs = (handler: Handler, request: DiffRequest): DiffResult => {
  const leaves = leafChanges(request.oldInputs, request.news).filter(
    (leaf) => !ignored(leaf.path, request.ignoreChanges),
  );
  const detailed: DiffResult['detailed'] = {};
  const replaces = new Set<string>();
  for (const { path, top, kind } of leaves) {
    const replace = forcesReplacement(handler, top);
    if (replace) replaces.add(top);
    detailed[path] = { kind: replace ? (`${kind}-replace` satisfies DiffKind) : kind };
  }
  return {
    changes: leaves.length > 0,
    replaces: [...replaces],
    deleteBeforeReplace: replaces.size > 0 && hasFixedName(handler, request),
    detailed,
  };
};

/** A name that a person gave and that stays cannot exist twice: the old resource has to go first. */
const hasFixedName = (handler: Handler, request: DiffRequest): boolean => {
  if (handler.autoName === undefined) return false;
  const { property } = handler.autoName;
  const name = request.news[property];
  const logical = request.urn.split('::').at(-1) ?? '';
  return typeof name === 'string' && name === request.oldInputs[property] && !isAutomatic(name, logical);
};

/** Whether a name was made by `automaticName`. */
export const isAutomatic = (name: string, logical: string): boolean =>
  name.length === logical.length + 8 &&
  name.startsWith(`${logical}-`) &&
  /^[0-9a-f]{7}$/.test(name.slice(-7));
