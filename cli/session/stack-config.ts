import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseApp } from '../../config/app.ts';
import { parseProjectFile, readStackFile } from '../../config/stack-file.ts';
import type { App } from '../../config/types.ts';
import { badInput, messageOf } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';

/** The repository's root: where the program, its stack files and the command line are. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  /** As Pulumi would hand it to the program: qualified key → text, objects as JSON. */
  readonly values: Readonly<Record<string, string>>;
  readonly app: App;
  /** Text of the stack's file. */
  readonly file: string;
  /** Folder of the stack's file. */
  readonly folder: string;
}

/** Configuration as objects in objects. */
export type Tree = { readonly [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` wins; objects are merged, everything else is replaced. */
export const merge = (base: Tree, over: Tree): Tree => {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = base[key];
    merged[key] = isTree(old) && isTree(value) ? merge(old, value) : value;
  }
  return merged;
};

const readText = (path: string, what: string, hint: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw badInput(`${what} cannot be read`, [{ path, reason: messageOf(error) }], hint);
  }
};

/**
 * Reads `Pulumi.<stack>.yaml` of a folder, as the program will. `overlay` is laid over `sluice:app` (shortened
 * bakes) for the release engine, and for the program too where `program` says so: otherwise a plain `pulumi up`
 * and one by sluice would differ. Throws bad input with every problem.
 */
export const readStackConfig = (
  stack: string,
  overlay: Tree = {},
  { program = false, folder = ROOT }: { readonly program?: boolean; readonly folder?: string } = {},
): StackConfig => {
  const known = readdirSync(folder).flatMap((f) => /^Pulumi\.([^.]+)\.yaml$/.exec(f)?.[1] ?? []);
  if (!known.includes(stack)) {
    const near = nearest(stack, known);
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    const reason = `no file Pulumi.${stack}.yaml${meant}`;
    throw badInput('there is no such stack', [
      { path: '--stack', reason, got: stack, allowed: known.join(', ') },
    ]);
  }
  // An example brings stack files alone: the program and its project are the repository's.
  const project = [folder, ROOT].map((at) => join(at, 'Pulumi.yaml')).find((at) => existsSync(at));
  const { name } = parseProjectFile(
    readText(project ?? join(folder, 'Pulumi.yaml'), 'the project file', 'run this in the repository'),
  );
  const path = `Pulumi.${stack}.yaml`;
  const file = readText(join(folder, path), 'the stack file', 'check its permissions');
  const values: Record<string, string> = { ...readStackFile(file, name, path) };
  const written: unknown = JSON.parse(values['sluice:app'] ?? 'null');
  const laid = isTree(written) ? merge(written, overlay) : (written ?? overlay);
  const app = parseApp(laid, { stack });
  if (program) values['sluice:app'] = JSON.stringify(laid);
  return { project: name, stack, values, app, file, folder };
};
