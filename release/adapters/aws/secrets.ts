import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { refused } from '../../../lib/errors.ts';
import type { Secrets } from '../../ports/supply.ts';
import { askingFor, isNamed } from './asking.ts';
import { clientSettings, type AwsSettings } from './settings.ts';

/** A secret under a key of the customer's own needs `kms:Decrypt` on that key beside `GetSecretValue`. */
export const ACTIONS = ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'] as const;

const ask = askingFor(ACTIONS);

export const secretsClient = (settings: AwsSettings): SecretsManagerClient =>
  new SecretsManagerClient(clientSettings(settings));

/** AWS Secrets Manager. `describe` never asks for the value; a secret that is to be deleted does not exist. */
export const awsSecrets = (client: SecretsManagerClient): Secrets => ({
  describe: (name) =>
    ask('secretsmanager:DescribeSecret', name, async (o) => {
      try {
        const seen = await client.send(new DescribeSecretCommand({ SecretId: name }), o);
        const current = Object.entries(seen.VersionIdsToStages ?? {}).find(([, stages]) =>
          stages.includes('AWSCURRENT'),
        );
        if (seen.ARN === undefined || current === undefined || seen.DeletedDate !== undefined)
          return undefined;
        return { arn: seen.ARN, version: current[0] };
      } catch (error) {
        if (isNamed(error, 'ResourceNotFoundException')) return undefined;
        throw error;
      }
    }),
  read: async ({ arn, version }) => {
    const command = new GetSecretValueCommand({ SecretId: arn, VersionId: version });
    const { SecretString: value } = await ask('secretsmanager:GetSecretValue', arn, (o) =>
      client.send(command, o),
    );
    if (value === undefined)
      throw refused(
        `secret ${arn} holds bytes, not text`,
        'store it as text: aws secretsmanager put-secret-value',
      );
    return value;
  },
});
