import { EXIT, ExpectedError } from '../../../lib/errors.ts';

/** Where a repository's manifests are, read from its name as people write it. */
export interface Repository {
  /** Host of the registry's API, with a port where it has one. */
  readonly host: string;
  /** Path below `/v2/`. */
  readonly path: string;
  /** Account and region of an ECR repository; undefined elsewhere. */
  readonly ecr: { readonly account: string; readonly region: string } | undefined;
}

const PATH = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
const ECR = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
const HUB = 'docker.io';

/**
 * `ghcr.io/team/api`, `123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/api`, `team/api` (Docker Hub). The first
 * part is a host when it has a dot or a port, as Docker reads it.
 */
export const parseRepository = (repository: string): Repository => {
  const [first = '', ...rest] = repository.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const host = named ? first : HUB;
  const bare = named ? rest.join('/') : repository;
  if (!PATH.test(bare))
    throw new ExpectedError(
      `no image repository: ${repository} (allowed: docker.io/owner/name, ghcr.io/owner/name, an ECR repository; lower case, without tag)`,
      { exit: EXIT.badInput, hint: 'see images.repository in sluice:app' },
    );
  const [, account, region] = ECR.exec(host) ?? [];
  const isHub = host === HUB || host === 'index.docker.io';
  return {
    host: isHub ? 'registry-1.docker.io' : host,
    path: isHub && !bare.includes('/') ? `library/${bare}` : bare,
    ecr: account === undefined || region === undefined ? undefined : { account, region },
  };
};

export const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
