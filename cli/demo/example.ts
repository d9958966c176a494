import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { readVersions, type Versions } from '../../sandbox/adapters/images.ts';
import { AZORA_VISITS, type Visit } from '../../sandbox/traffic/plan.ts';
import { ROOT } from '../session/stack-config.ts';

/** The example whose stack files are the repository's own. */
export const DEFAULT_EXAMPLE = 'azora';

const EXAMPLES = join(ROOT, 'examples');

/** An application that the sandbox can run: its stack files, and its versions as folders of code and migrations. */
export interface Example {
  /** Folder name below `examples/`. */
  readonly name: string;
  /** As people write it; from `versions.json`, else the name. */
  readonly title: string;
  /** Folder of `Pulumi.<stack>.yaml`; a project file of its own is not needed. */
  readonly folder: string;
  /** Folder of `main.js`, `versions.json` and the migrations. */
  readonly application: string;
  /** The same from the repository's root, e.g. `examples/azora/app`: what stack files name. */
  readonly path: string;
  readonly versions: Versions;
  /** The first two versions: what a demo starts with, and what it releases. */
  readonly from: string;
  readonly to: string;
  /** What its users ask for (`app/traffic.json`). */
  readonly visits: readonly Visit[];
}

/** Where an example's code is, from the repository's root: its own, or that of the example which its file `application` names. */
export const applicationPath = (name: string): string => {
  const shared = join(EXAMPLES, name, 'application');
  return `examples/${existsSync(shared) ? readFileSync(shared, 'utf8').trim() : name}/app`;
};

/** Examples that are there: those with stack files of their own, and the default. */
const known = (): readonly string[] =>
  readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((e) => e.isDirectory() && existsSync(join(ROOT, applicationPath(e.name), 'versions.json')))
    .map((e) => e.name)
    .sort();

/** Throws bad input naming the examples when there is none of that name. */
export const findExample = async (name: string = DEFAULT_EXAMPLE): Promise<Example> => {
  const names = known();
  if (!names.includes(name)) {
    const near = nearest(name, names);
    throw badInput('there is no such example', [
      {
        path: '--example',
        reason: near === undefined ? 'unknown' : `unknown; did you mean ${near}?`,
        got: name,
        allowed: names.join(', '),
      },
    ]);
  }
  const path = applicationPath(name);
  const application = join(ROOT, path);
  const versions = await readVersions(application);
  const [from, to = from] = Object.keys(versions.versions);
  if (from === undefined || to === undefined)
    throw badInput(`${path}/versions.json lists no version`, [
      { path: 'versions', reason: 'is empty', allowed: 'two versions or more, oldest first' },
    ]);
  const traffic = join(application, 'traffic.json');
  return {
    name,
    title: versions.title ?? name,
    folder: name === DEFAULT_EXAMPLE ? ROOT : join(EXAMPLES, name),
    application,
    path,
    versions,
    from,
    to,
    visits: existsSync(traffic) ? (JSON.parse(readFileSync(traffic, 'utf8')) as Visit[]) : AZORA_VISITS,
  };
};
