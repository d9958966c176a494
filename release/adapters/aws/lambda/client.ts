import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientSettings, type AwsSettings } from '../settings.ts';

/** An invocation lasts as long as the function may run: its own deadline ends the wait, not the client's. */
export const lambdaClient = (settings: AwsSettings): LambdaClient =>
  new LambdaClient({
    ...clientSettings(settings),
    requestHandler: { connectionTimeout: 3_000, throwOnRequestTimeout: true },
  });

export interface Qualified {
  readonly name: string;
  /** Number of a version, or name of an alias. */
  readonly qualifier: string;
}

/** `arn:aws:lambda:<region>:<account>:function:<name>:<qualifier>` */
export const parseQualified = (arn: string): Qualified => {
  const [name = arn, qualifier = ''] = arn.split(':').slice(6);
  return { name, qualifier };
};

/** The function's ARN without its qualifier. */
export const functionArn = (arn: string): string => arn.split(':').slice(0, 7).join(':');
