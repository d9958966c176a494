import type { Clock } from '../../lib/clock.ts';
import { s3Artifacts } from '../../release/adapters/aws/lambda/artifacts.ts';
import { functionMetrics } from '../../release/adapters/aws/lambda/metrics.ts';
import { cloudWatchClient } from '../../release/adapters/aws/metric-data.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import type { Ports } from '../../release/runner/types.ts';
import { sandboxArtifacts } from '../../sandbox/adapters/artifacts.ts';
import type { SandboxImageOptions } from '../../sandbox/adapters/images.ts';
import { sandboxMetrics } from '../../sandbox/adapters/metrics.ts';
import type { Sandbox } from '../../sandbox/client.ts';
import type { AwsSettings } from '../../release/adapters/aws/settings.ts';
import { ROOT } from './stack-config.ts';

/** The ports whose adapters depend on the target. */
export type TargetPorts = Pick<Ports, 'traffic' | 'prober' | 'metrics' | 'images'>;

/** Loaded when they are used: no other target pays for the client. */
export const functionPorts = (settings: AwsSettings): Pick<TargetPorts, 'traffic' | 'prober'> => {
  const load = async () => {
    const [{ lambdaClient }, { lambdaProber }, { lambdaTraffic }] = await Promise.all([
      import('../../release/adapters/aws/lambda/client.ts'),
      import('../../release/adapters/aws/lambda/prober.ts'),
      import('../../release/adapters/aws/lambda/traffic.ts'),
    ]);
    const client = lambdaClient(settings);
    return { traffic: lambdaTraffic(client), prober: lambdaProber(client) };
  };
  let loaded: ReturnType<typeof load> | undefined;
  const adapters = () => (loaded ??= load());
  return {
    traffic: {
      read: async (rules) => (await adapters()).traffic.read(rules),
      write: async (rules) => (await adapters()).traffic.write(rules),
    },
    prober: {
      probe: async (targets, signal) => (await adapters()).prober.probe(targets, signal),
      targets: async (versions) => (await adapters()).prober.targets(versions),
    },
  };
};

/** Functions in the sandbox: the adapter that talks to AWS talks to the sandbox's Lambda. */
export const functionsInSandbox = (sandbox: Sandbox, options: SandboxImageOptions): TargetPorts => ({
  ...functionPorts({
    region: sandbox.environment()['AWS_REGION'] ?? 'eu-west-1',
    endpoint: sandbox.lambda,
    credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
  }),
  metrics: sandboxMetrics(sandbox),
  images: sandboxArtifacts(sandbox, options),
});

/** Functions on AWS: counts from CloudWatch, artifacts from S3. */
export const functionsOnAws = (options: {
  readonly settings: AwsSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly alias: string;
  /** Command that packs a version. */
  readonly build: string | undefined;
}): TargetPorts => {
  const { settings, environment, clock, alias, build } = options;
  return {
    ...functionPorts(settings),
    metrics: functionMetrics({ client: cloudWatchClient(settings), alias, clock }),
    images: s3Artifacts({ client: s3Client(environment), build, directory: ROOT }),
  };
};
