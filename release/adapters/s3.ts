import { S3Client } from '@aws-sdk/client-s3';
import { EXIT, ExpectedError, messageOf } from '../../lib/errors.ts';
import { runnerCredentials } from './aws/runner-credentials.ts';

/**
 * A client by the environment's rules: region, credentials and AWS_ENDPOINT_URL_S3 as every AWS tool reads them.
 * What it does not say is found by the SDK itself (profile, role); in a workflow job with a role of its own the
 * credentials renew themselves. An endpoint of one's own gets its buckets in the path.
 */
export const s3Client = (env: Readonly<Record<string, string | undefined>> = process.env): S3Client => {
  const endpoint = env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  const id = env['AWS_ACCESS_KEY_ID'];
  const secret = env['AWS_SECRET_ACCESS_KEY'];
  const token = env['AWS_SESSION_TOKEN'];
  const renewed =
    endpoint === undefined ? runnerCredentials(env, region === undefined ? {} : { region }) : undefined;
  return new S3Client({
    maxAttempts: 5,
    // Time without any progress, not of the whole request: a backup's upload may take long.
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(renewed !== undefined
      ? { credentials: renewed }
      : id === undefined || secret === undefined
        ? {}
        : {
            credentials: {
              accessKeyId: id,
              secretAccessKey: secret,
              ...(token === undefined ? {} : { sessionToken: token }),
            },
          }),
  });
};

export const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

export const isMissing = (error: unknown): boolean =>
  nameOf(error) === 'NoSuchKey' || nameOf(error) === 'NotFound';
/** The condition of a conditional write did not hold: replaced meanwhile, there already, or gone. */
export const isConflict = (error: unknown): boolean =>
  statusOf(error) === 412 || nameOf(error) === 'PreconditionFailed';

const HINTS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the stack makes its buckets: pulumi up; or see that the name in the configuration is right',
  AccessDenied: 'see that the role of this job may read and write the bucket',
  CredentialsProviderError: 'no AWS credentials were found: sign in, or set the AWS_… variables',
};

/** What went wrong with a bucket, in words a person can act on. */
export const bucketError = (doing: string, bucket: string, error: unknown): ExpectedError =>
  error instanceof ExpectedError
    ? error
    : new ExpectedError(`${doing} s3://${bucket} failed: ${nameOf(error)} ${messageOf(error)}`.trim(), {
        exit: EXIT.personNeeded,
        hint: HINTS[nameOf(error)],
        cause: error,
      });
