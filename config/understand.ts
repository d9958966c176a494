import type { z } from 'zod';
import { valueAt } from './problems.ts';
import type { Path } from './problems.ts';

/** What could be understood of an input, and what could not. */
export interface Understood<T> {
  /** Undefined when nothing sensible is left. */
  readonly value: T | undefined;
  readonly issues: readonly z.core.$ZodIssue[];
  /** Paths whose value was left out to understand the rest. */
  readonly lost: readonly Path[];
}

/**
 * What to put in the place of a required value that is wrong, by its path with `*` for a list position
 * (`stages.*.bake`). Only to understand the rest: a value that a stand-in went into is never handed on.
 */
export type StandIns = Readonly<Record<string, unknown>>;

/**
 * Parses, and on failure parses again without the parts that are wrong, so that checks across several fields can
 * still run on the rest and every problem is reported at once.
 */
export const understand = <T>(schema: z.ZodType<T>, input: unknown, standIns: StandIns): Understood<T> => {
  // Compiling the schema costs more than reading one configuration with it.
  const once = { jitless: true };
  const first = schema.safeParse(input, once);
  if (first.success) return { value: first.data, issues: [], lost: [] };
  const lost = new Map<string, Path>();
  const draft: unknown = structuredClone(input);
  let issues: readonly z.core.$ZodIssue[] = first.error.issues;
  // Each round takes something away, so it ends; ten are more than the levels of any schema here.
  for (let round = 0; round < 10; round++) {
    const before = lost.size;
    // One cut a place: two wrong entries take their list away once, not its parent too.
    const cuts = new Map(
      issues.flatMap((i) => cutsOf(i, standIns)).map((path) => [JSON.stringify(path), path]),
    );
    for (const path of cuts.values()) cut(draft, path, standIns, lost);
    if (lost.size === before) break;
    const again = schema.safeParse(draft, once);
    if (again.success) return { value: again.data, issues: first.error.issues, lost: [...lost.values()] };
    issues = again.error.issues;
  }
  return { value: undefined, issues: first.error.issues, lost: [...lost.values()] };
};

const standInFor = (path: Path, standIns: StandIns): unknown => {
  const pattern = path.map((step) => (typeof step === 'number' ? '*' : String(step))).join('.');
  return Object.hasOwn(standIns, pattern) ? standIns[pattern] : undefined;
};

const cutsOf = (issue: z.core.$ZodIssue, standIns: StandIns): Path[] => {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key]);
  if (standInFor(issue.path, standIns) !== undefined) return [issue.path];
  // Positions would shift: a list with a wrong entry is lost as a whole.
  const listAt = issue.path.findIndex((step) => typeof step === 'number');
  return [listAt < 0 ? issue.path : issue.path.slice(0, listAt)];
};

const cut = (draft: unknown, path: Path, standIns: StandIns, lost: Map<string, Path>): void => {
  const key = path.at(-1);
  const id = JSON.stringify(path);
  if (key === undefined) return;
  // A second time in vain: what holds it cannot do without it, and goes too.
  if (lost.has(id) && valueAt(draft, path) === undefined)
    return cut(draft, path.slice(0, -1), standIns, lost);
  lost.set(id, path);
  const parent = valueAt(draft, path.slice(0, -1));
  if (typeof parent !== 'object' || parent === null) return;
  const holder = parent as Record<PropertyKey, unknown>;
  const standIn = standInFor(path, standIns);
  if (standIn === undefined) delete holder[key];
  else holder[key] = standIn;
};
