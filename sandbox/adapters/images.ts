import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, ExpectedError } from '../../lib/errors.ts';
import type { Images } from '../../release/ports/supply.ts';
import type { Sandbox } from '../client.ts';

/** `versions.json` beside a sandbox application's `main.js`. */
export interface Versions {
  /** The application's name as people write it. */
  readonly title?: string;
  readonly services: readonly string[];
  readonly versions: Readonly<
    Record<
      string,
      {
        readonly environment?: Readonly<Record<string, string>>;
        readonly migrations?: string;
        readonly code?: string;
      }
    >
  >;
  /** Faulty builds by name: what their image has in its environment beside the version's own. */
  readonly faults: Readonly<
    Record<string, { readonly environment: Readonly<Record<string, string>>; readonly migrations?: string }>
  >;
}

export const readVersions = async (application: string): Promise<Versions> =>
  JSON.parse(await readFile(join(application, 'versions.json'), 'utf8')) as Versions;

export interface SandboxImageOptions {
  /** Folder of the application: `main.js` and `versions.json`. */
  readonly application: string;
  /** Version → name of a fault that its build has. */
  readonly faults?: Readonly<Record<string, string>>;
  /** What one image's build takes; 0 for none. */
  readonly buildMs?: number;
}

const unknown = (what: string, value: string, known: readonly string[]): ExpectedError =>
  new ExpectedError(`${what} ${value} is not in versions.json (allowed: ${known.join(', ')})`, {
    exit: EXIT.badInput,
    hint: `add it to versions.json`,
  });

/** What a version's build has in its environment, a planted fault included. Throws bad input naming what there is. */
export const buildEnvironment = (
  versions: Versions,
  version: string,
  faults: SandboxImageOptions['faults'],
): Readonly<Record<string, string>> => {
  const listed = versions.versions[version];
  if (listed === undefined) throw unknown('version', version, Object.keys(versions.versions));
  const name = faults?.[version];
  const fault = name === undefined ? undefined : versions.faults[name];
  if (name !== undefined && fault === undefined) throw unknown('fault', name, Object.keys(versions.faults));
  return { ...listed.environment, ...fault?.environment };
};

/** The sandbox's registry; a build publishes the application's folder once per service, a version being its environment. */
export const sandboxImages = (sandbox: Sandbox, options: SandboxImageOptions): Images => {
  return {
    find: async (repository, tag) => {
      const reference = encodeURIComponent(`${repository}:${tag}`);
      const { digest } = await sandbox.call<{ digest: string | null }>(
        'GET',
        `/registry/find?reference=${reference}`,
      );
      return digest === null ? undefined : `${repository}@${digest}`;
    },
    build: async (version, repositories, onLine, signal) => {
      const environment = buildEnvironment(await readVersions(options.application), version, options.faults);
      await Promise.all(
        repositories.map(async (repository) => {
          const service = repository.split('/').at(-1) ?? '';
          onLine(`${service}: building ${repository}:${version}`);
          if ((options.buildMs ?? 0) > 0)
            await delay(options.buildMs, undefined, signal === undefined ? {} : { signal });
          signal?.throwIfAborted();
          const published = await sandbox.call<{ digest: string }>('POST', '/registry/publish', {
            repository,
            tag: version,
            directory: options.application,
            environment: { SERVICE: service, SLUICE_VERSION: version, ...environment },
          });
          onLine(`${service}: pushed ${published.digest}`);
        }),
      );
    },
  };
};
