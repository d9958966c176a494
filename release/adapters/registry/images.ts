import { EXIT, ExpectedError, refused } from '../../../lib/errors.ts';
import type { Images } from '../../ports/supply.ts';
import { runCommand } from '../command.ts';
import type { EcrFinder } from './ecr.ts';
import { findByHttp } from './http.ts';
import { dockerLogins, type Logins } from './login.ts';
import { parseRepository, TAG } from './reference.ts';

export interface RegistryOptions {
  /** Shell command that builds and pushes all images of `$VERSION`; undefined where another pipeline does. */
  readonly build: string | undefined;
  /** Folder the command runs in. */
  readonly directory: string;
  /** Finds images in ECR; undefined: only registries with the HTTP API. */
  readonly ecr?: EcrFinder;
  readonly logins?: Logins;
}

const SHOWN = 5;

/** Images of Docker Hub, GHCR, ECR and any registry with the HTTP API v2, by digest; built by the project's own command. */
export const registryImages = ({
  build,
  directory,
  ecr,
  logins = dockerLogins(),
}: RegistryOptions): Images => ({
  find: async (name, tag) => {
    if (!TAG.test(tag))
      throw new ExpectedError(`no image tag: ${tag} (allowed: letters, digits, ., _ and -; at most 128)`, {
        exit: EXIT.badInput,
      });
    const repository = parseRepository(name);
    const digest =
      repository.ecr !== undefined && ecr !== undefined
        ? await ecr(repository, tag)
        : await findByHttp(repository, tag, logins);
    return digest === undefined ? undefined : `${name}@${digest}`;
  },
  build: async (version, repositories, onLine, signal) => {
    if (build === undefined)
      throw refused(
        `images of ${version} are not built here`,
        'set images.build in sluice:app, or push them by your pipeline first',
      );
    const last: string[] = [];
    const { exitCode } = await runCommand({
      file: 'sh',
      arguments: ['-c', build],
      directory,
      environment: { VERSION: version, REPOSITORIES: repositories.join(' ') },
      onLine: (line) => {
        last.push(line);
        if (last.length > SHOWN) last.shift();
        onLine(line);
      },
      signal,
    });
    if (exitCode === 0) return;
    throw new ExpectedError(
      `the build of ${version} ended with ${exitCode}${last.length === 0 ? '' : `:\n${last.join('\n')}`}`,
      { exit: EXIT.refused, hint: `VERSION=${version} ${build}` },
    );
  },
});
