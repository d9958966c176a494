import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { APPLICATION } from '../demo/overlay.ts';
import { ROOT } from './stack-config.ts';

/** What a local cloud was brought up for; commands that work in it later read it. */
export interface Prepared {
  /** Folder of the application that runs in it: `main.js`, `versions.json`, migrations. */
  readonly application: string;
  /** Laid over `sluice:app`, by stack: its machines in the place of those that the stack names. */
  readonly overlays: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Private keys of its machines, by the variable that the stack names for each. */
  readonly keys: Readonly<Record<string, string>>;
}

const fileIn = (folder: string): string => join(folder, 'prepared.json');

/** `folder`: the sandbox daemon's. Readable by its user alone: it holds keys. */
export const writePrepared = (folder: string, prepared: Prepared): void => {
  const inside = relative(ROOT, prepared.application);
  // By its place in the repository: another checkout of it runs its own code.
  const application = inside.startsWith('..') || isAbsolute(inside) ? prepared.application : inside;
  writeFileSync(fileIn(folder), JSON.stringify({ ...prepared, application }), { mode: 0o600 });
};

export const readPrepared = (folder: string): Prepared => {
  const file = fileIn(folder);
  const prepared: Prepared = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Prepared)
    : { application: APPLICATION, overlays: {}, keys: {} };
  return { ...prepared, application: resolve(ROOT, prepared.application) };
};
