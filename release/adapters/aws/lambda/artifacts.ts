import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { artifactOf, parsePointer, pointerOf } from '../../../../config/lambda/artifact.ts';
import { EXIT, ExpectedError, refused } from '../../../../lib/errors.ts';
import type { Images } from '../../../ports/supply.ts';
import { registryImages } from '../../registry/images.ts';
import { bucketError, isMissing } from '../../s3.ts';

export interface ArtifactOptions {
  readonly client: S3Client;
  /** Shell command that packs `$VERSION` and puts archive and pointer into the bucket; undefined: another pipeline does. */
  readonly build: string | undefined;
  /** Folder the command runs in. */
  readonly directory: string;
}

const readText = async (client: S3Client, bucket: string, key: string): Promise<string | undefined> => {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw bucketError(`reading ${key} from`, bucket, error);
  }
};

const isThere = async (client: S3Client, bucket: string, key: string): Promise<boolean> => {
  try {
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw bucketError(`looking for ${key} in`, bucket, error);
  }
};

/** Archives of functions in S3, by digest: what `images` is to containers. */
export const s3Artifacts = ({ client, build, directory }: ArtifactOptions): Images => ({
  find: async (repository, version) => {
    const pointer = pointerOf(repository, version);
    if (pointer === undefined)
      throw new ExpectedError(`no place for artifacts: ${repository} (allowed: s3://bucket/service)`, {
        exit: EXIT.badInput,
      });
    const text = await readText(client, pointer.bucket, pointer.key);
    if (text === undefined) return undefined;
    const sha256 = parsePointer(text);
    if (sha256 === undefined)
      throw refused(
        `s3://${pointer.bucket}/${pointer.key} names no digest`,
        'it must hold {"sha256": "<64 hex digits>"}: build this version again',
      );
    const image = `${repository}@sha256:${sha256}`;
    const artifact = artifactOf(image);
    return artifact !== undefined && (await isThere(client, artifact.bucket, artifact.key))
      ? image
      : undefined;
  },
  build: (...args) => registryImages({ build, directory }).build(...args),
});
