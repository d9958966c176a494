import { fromWebToken } from '@aws-sdk/credential-provider-web-identity';
import { messageOf, refused } from '../../../lib/errors.ts';
import { Passing, request, retrying } from '../retry.ts';
import type { AwsSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const TIMEOUT_MS = 10_000;
const AUDIENCE = 'sts.amazonaws.com';

/** A fresh identity token of the job: one lives for minutes, so it is asked for whenever the role is taken. */
const identityToken = async (url: string, bearer: string): Promise<string> => {
  const asked = new URL(url);
  asked.searchParams.set('audience', AUDIENCE);
  try {
    const response = await retrying(() =>
      request(asked.href, { headers: { authorization: `Bearer ${bearer}` } }, TIMEOUT_MS),
    );
    if (!response.ok) throw new Passing(`answered ${response.status}`);
    const { value } = (await response.json()) as { value?: unknown };
    if (typeof value === 'string') return value;
    throw new Passing('gave no token');
  } catch (error) {
    throw refused(
      `the job's identity token could not be had: ${messageOf(error)}`,
      'the job needs `permissions: id-token: write`',
      error,
    );
  }
};

/**
 * Credentials of a workflow job that renew themselves. Those that a login step leaves in the environment end after an
 * hour; a release lasts longer. Where the job has an identity and `SLUICE_AWS_ROLE` names a role, the role is taken
 * again, with a new token, whenever the SDK finds its credentials about to end. Undefined elsewhere: the SDK's chain
 * finds credentials by itself, and renews those that can be renewed (profiles, single sign-on, task and instance roles).
 */
export const runnerCredentials = (
  environment: Environment,
  settings: Pick<AwsSettings, 'region' | 'endpoint'> = {},
): NonNullable<AwsSettings['credentials']> | undefined => {
  const role = environment['SLUICE_AWS_ROLE'];
  const url = environment['ACTIONS_ID_TOKEN_REQUEST_URL'];
  const bearer = environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'];
  if (role === undefined || role === '' || url === undefined || bearer === undefined) return undefined;
  return async () =>
    fromWebToken({
      roleArn: role,
      roleSessionName: `sluice-${environment['GITHUB_RUN_ID'] ?? 'release'}`,
      webIdentityToken: await identityToken(url, bearer),
      clientConfig: { ...settings },
    })();
};
