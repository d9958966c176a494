import { getObject } from '@pulumi/aws/s3/getObject.js';
import { repositoryOf } from '../../../components/images.plan.ts';
import { reasonOf } from '../../../components/reasons.ts';
import { parsePointer, pointerOf } from '../../../config/lambda/artifact.ts';
import type { App } from '../../../config/types.ts';
import { EXIT, ExpectedError } from '../../../lib/errors.ts';

const find = async (repository: string, version: string): Promise<string> => {
  const pointer = pointerOf(repository, version);
  if (pointer === undefined) throw new Error(`${repository} is no place for artifacts`);
  const { body } = await getObject(pointer);
  const sha256 = parsePointer(body);
  if (sha256 === undefined) throw new Error(`s3://${pointer.bucket}/${pointer.key} names no digest`);
  return `${repository}@sha256:${sha256}`;
};

/** Function → `s3://bucket/service@sha256:…` of a version. Those that are missing are named together in one refusal. */
export const findArtifacts = async (
  app: Pick<App, 'images' | 'services'>,
  version: string,
  known: Readonly<Record<string, string>>,
): Promise<Record<string, string>> => {
  const wanted = Object.keys(app.services).filter((service) => known[service] === undefined);
  const found = await Promise.allSettled(wanted.map((s) => find(repositoryOf(app.images, s), version)));
  const missing = found.flatMap((result, i) =>
    result.status === 'rejected' ? [`  ${wanted[i] ?? ''}: ${reasonOf(result.reason)}`] : [],
  );
  if (missing.length > 0)
    throw new ExpectedError(
      [
        `${missing.length} of ${wanted.length} artifacts of ${version} cannot be found; nothing was changed`,
        ...missing,
      ].join('\n'),
      { exit: EXIT.refused, hint: `build them: sluice build --version ${version}` },
    );
  return {
    ...known,
    ...Object.fromEntries(
      found.flatMap((r, i) => (r.status === 'fulfilled' ? [[wanted[i] ?? '', r.value]] : [])),
    ),
  };
};
