import { z } from 'zod';
import type { OperatorCommand } from '../core/engine/effects.ts';
import type { ObjectStore } from '../ports/objects.ts';

/** What people tell a running release, from any machine: one small object a command, numbered. */
export interface Control {
  /** Says something; resolves to its number. */
  say(deployment: string, command: OperatorCommand): Promise<number>;
  /** What was said after number `after`, in order. */
  said(deployment: string, after: number): Promise<readonly (OperatorCommand & { readonly n: number })[]>;
}

const schema = z.object({
  command: z.enum(['pause', 'promote', 'abort', 'approve']),
  by: z.string(),
  why: z.string(),
  at: z.number(),
  review: z.exactOptional(z.string()),
});

const numberOf = (key: string): number => Number(/\/(\d+)\.json$/.exec(key)?.[1] ?? 0);

export const controlStore = (objects: ObjectStore, environment: string): Control => {
  const prefix = (deployment: string): string => `control/${environment}/${deployment}/`;
  return {
    say: async (deployment, command) => {
      const used = (await objects.list(prefix(deployment))).map(numberOf);
      for (let n = Math.max(0, ...used) + 1; ; n += 1) {
        const key = `${prefix(deployment)}${n}.json`;
        if ((await objects.put(key, JSON.stringify(command), null)) !== undefined) return n;
      }
    },
    said: async (deployment, after) => {
      const keys = (await objects.list(prefix(deployment)))
        .filter((k) => numberOf(k) > after)
        .toSorted((a, b) => numberOf(a) - numberOf(b));
      const read = await Promise.all(keys.map(async (key) => ({ key, found: await objects.get(key) })));
      return read.flatMap(({ key, found }) => {
        const parsed = found === undefined ? undefined : schema.safeParse(safeJson(found.body));
        return parsed?.success === true ? [{ ...parsed.data, n: numberOf(key) }] : [];
      });
    },
  };
};

/** A command that cannot be read is left alone: it must not stop a release. */
const safeJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
