import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { askingFor, isNamed } from '../aws/asking.ts';
import { clientSettings, type AwsSettings } from '../aws/settings.ts';
import type { Repository } from './reference.ts';

export const ACTIONS = ['ecr:DescribeImages'] as const;

const ask = askingFor(ACTIONS);

/** Finds digests in ECR, each in the account and region that the repository's name says. */
export type EcrFinder = (repository: Repository, tag: string) => Promise<string | undefined>;

export const ecrFinder = (settings: AwsSettings): EcrFinder => {
  const clients = new Map<string, ECRClient>();
  const clientFor = (region: string): ECRClient => {
    const client = clients.get(region) ?? new ECRClient(clientSettings({ ...settings, region }));
    clients.set(region, client);
    return client;
  };
  return async ({ ecr, path }, tag) => {
    if (ecr === undefined) return undefined;
    const command = new DescribeImagesCommand({
      registryId: ecr.account,
      repositoryName: path,
      imageIds: [{ imageTag: tag }],
    });
    return ask('ecr:DescribeImages', `of ${path}:${tag}`, async (o) => {
      try {
        return (await clientFor(ecr.region).send(command, o)).imageDetails?.[0]?.imageDigest;
      } catch (error) {
        if (isNamed(error, 'ImageNotFoundException', 'RepositoryNotFoundException')) return undefined;
        throw error;
      }
    });
  };
};
