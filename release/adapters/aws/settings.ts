/** Where AWS is and how patiently it is asked; the same for every client. */
export interface AwsSettings {
  readonly region?: string;
  /** Another endpoint for every service: tests, or a private one. */
  readonly endpoint?: string;
  /** Without them the SDK's own chain finds credentials, and finds new ones before the old ones end. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; the SDK asks for new ones before. */
  readonly expiration?: Date;
}

/**
 * What every client is made with. `standard` retries back off exponentially with full jitter, longer when AWS
 * throttles. `adaptive` is not used: it holds back all calls of a client after one was throttled, and a rollback's
 * calls must not wait for one another. Without `throwOnRequestTimeout` the SDK would only warn of a slow answer.
 */
export const clientSettings = (settings: AwsSettings) => ({
  ...settings,
  maxAttempts: 5,
  retryMode: 'standard' as const,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
});
