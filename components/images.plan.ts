import type { App, ImageSettings } from '../config/types.ts';
import { badInput, type Problem } from '../lib/errors.ts';

export interface ImageToFind {
  readonly service: string;
  /** Repository without tag, e.g. `docker.io/azora/auth-service`. */
  readonly repository: string;
  readonly tag: string;
}

/** `name@sha256:<64 hex>`: what is meant, whatever a tag names tomorrow. */
const PINNED = /^[^\s@]+@sha256:[0-9a-f]{64}$/;

export const repositoryOf = (images: Pick<ImageSettings, 'repository'>, service: string): string =>
  images.repository.replaceAll('{service}', service);

/** Images that are not pinned yet; `known` are digests from the live slot or from the images file. */
export const imagesToFind = (
  app: Pick<App, 'images' | 'services'>,
  version: string,
  known: Readonly<Record<string, string>>,
): readonly ImageToFind[] =>
  Object.keys(app.services)
    .filter((service) => known[service] === undefined)
    .map((service) => ({ service, repository: repositoryOf(app.images, service), tag: version }));

/** Account, region and name of a repository in ECR: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`. */
export const ecrParts = (
  repository: string,
): { readonly registryId: string; readonly region: string; readonly name: string } | undefined => {
  const match = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(.+)$/.exec(repository);
  const [, registryId, region, name] = match ?? [];
  return registryId === undefined || region === undefined || name === undefined
    ? undefined
    : { registryId, region, name };
};

/** Reads digests that were handed in. Throws bad input with every problem; `path` names where they came from. */
export const parseDigests = (
  value: unknown,
  services: readonly string[],
  path: string,
): Record<string, string> => {
  const fail = (problems: readonly Problem[]): never => {
    throw badInput(`${path} names no images that can be deployed`, problems);
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail([{ path, reason: 'is no map from services to images', allowed: 'service: name@sha256:…' }]);
  const problems: Problem[] = [];
  const digests: Record<string, string> = {};
  for (const [service, image] of Object.entries(value)) {
    if (!services.includes(service))
      problems.push({ path: `${path}.${service}`, reason: 'no such service', allowed: services.join(', ') });
    else if (typeof image === 'string' && PINNED.test(image)) digests[service] = image;
    else
      problems.push({
        path: `${path}.${service}`,
        reason: 'is no image with a digest',
        got: String(image).slice(0, 120),
        allowed: 'name@sha256:<64 hex digits>',
      });
  }
  return problems.length > 0 ? fail(problems) : digests;
};
