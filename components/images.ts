import { getImage } from '@pulumi/aws/ecr/getImage.js';
import { getRegistryImage } from '@pulumi/docker/getRegistryImage.js';
import type { App } from '../config/types.ts';
import { EXIT, ExpectedError, type Problem } from '../lib/errors.ts';
import { reasonOf } from './reasons.ts';
import { ecrParts, imagesToFind, type ImageToFind } from './images.plan.ts';

const fromEcr = async ({ repository, tag }: ImageToFind): Promise<string> => {
  const parts = ecrParts(repository);
  if (parts === undefined)
    throw new Error(`${repository} is no ECR repository (<account>.dkr.ecr.<region>.amazonaws.com/<name>)`);
  const image = await getImage({
    registryId: parts.registryId,
    region: parts.region,
    repositoryName: parts.name,
    imageTag: tag,
  });
  return image.imageDigest;
};

const fromRegistry = async ({ repository, tag }: ImageToFind): Promise<string> =>
  (await getRegistryImage({ name: `${repository}:${tag}` })).sha256Digest;

/**
 * Service → `name@sha256:…`: from here on a tag that is moved changes nothing. All images are looked up at once;
 * those that are missing are named together in one refusal.
 */
export const resolveImages = async (
  app: Pick<App, 'images' | 'services'>,
  version: string,
  known: Readonly<Record<string, string>>,
): Promise<Record<string, string>> => {
  const find = app.images.registry === 'ecr' ? fromEcr : fromRegistry;
  const wanted = imagesToFind(app, version, known);
  const found = await Promise.allSettled(wanted.map(find));
  const digests: Record<string, string> = { ...known };
  const problems: Problem[] = [];
  for (const [i, result] of found.entries()) {
    const image = wanted[i];
    if (image === undefined) continue;
    if (result.status === 'fulfilled') digests[image.service] = `${image.repository}@${result.value}`;
    else
      problems.push({
        path: `${image.repository}:${image.tag}`,
        reason: reasonOf(result.reason),
      });
  }
  if (problems.length === 0) return digests;
  const list = problems.map((p) => `  ${p.path}: ${p.reason}`);
  throw new ExpectedError(
    [
      `${problems.length} of ${wanted.length} images of ${version} cannot be found; nothing was changed`,
      ...list,
    ].join('\n'),
    { exit: EXIT.refused, problems, hint: `build and push them: sluice build --version ${version}` },
  );
};
