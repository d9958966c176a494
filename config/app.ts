import { badInput } from '../lib/errors.ts';
import type { Problem } from '../lib/errors.ts';
import { crossProblems } from './app/cross.ts';
import { resolve } from './app/resolve.ts';
import { appSchema, STAND_INS } from './app/schema.ts';
import { meantPaths, problemsOf, showValue } from './problems.ts';
import type { App } from './types.ts';
import { understand } from './understand.ts';
import { formatDuration } from './units.ts';

export interface AppContext {
  /** The stack's name; the environment's default. */
  readonly stack: string;
  /** What paths in messages start with. Default: `sluice:app`. */
  readonly path?: string;
}

/**
 * Reads `sluice:app` as people write it into what it means. Throws one bad input (exit 2) with every problem: unknown
 * keys with the nearest valid one, values out of range, and settings that do not fit each other.
 */
export const parseApp = (value: unknown, context: AppContext): App => {
  const root = context.path ?? 'sluice:app';
  const fail = (problems: readonly Problem[]): never => {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw badInput(
      `Pulumi.${context.stack}.yaml has ${count}:`,
      problems,
      `Nothing was changed. Mend Pulumi.${context.stack}.yaml and run the command again.`,
    );
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const got = showValue(value ?? undefined, []);
    const allowed = 'a map with at least `application`, `url` and `services`';
    return fail([
      {
        path: root,
        reason: got === undefined ? 'is missing' : 'is not a map of settings',
        ...(got === undefined ? {} : { got }),
        allowed,
      },
    ]);
  }
  const understood = understand(appSchema, value, STAND_INS);
  const app = understood.value && resolve(understood.value, context.stack);
  const problems = [
    ...problemsOf(understood.issues, value, root),
    ...(app && understood.value
      ? crossProblems({
          app,
          written: understood.value,
          input: value,
          root,
          lost: [...understood.lost, ...meantPaths(understood.issues, value)],
        })
      : []),
  ];
  if (app && problems.length === 0) return app;
  return fail(inOrderOf(Object.keys(value), problems, root));
};

/** The order in which a person meets them in the file; what is missing comes first. */
const inOrderOf = (keys: readonly string[], problems: readonly Problem[], root: string): Problem[] => {
  const position = ({ path }: Problem): number =>
    keys.indexOf(/^\.(\w+)/.exec(path.slice(root.length))?.[1] ?? '');
  return problems.toSorted((a, b) => position(a) - position(b));
};

/** What is allowed but will not do what it promises; for `plan`, `preflight` and the start of a release. */
export const appWarnings = (app: App): string[] => {
  const warnings: string[] = [];
  const { every, recoveryPoint } = app.backups;
  if (app.database && every > recoveryPoint) {
    warnings.push(
      `backups.every is ${formatDuration(every)}, which cannot meet the recovery point of ${formatDuration(recoveryPoint)}: ` +
        `set backups.every to ${formatDuration(recoveryPoint)} or less`,
    );
  }
  if (app.database && !app.database.backup.enabled && app.rollback.database === 'always') {
    warnings.push('rollback.database is always, but no backup is taken: there is nothing to restore');
  }
  return warnings;
};
