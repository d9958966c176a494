import type { ImageSettings } from '../../../config/types.ts';
import type { Clock } from '../../../lib/clock.ts';
import { refused } from '../../../lib/errors.ts';
import type { Images, MetricSource, Prober, Secrets, Traffic } from '../../ports/index.ts';
import { probeTally } from '../probe-tally.ts';
import { ecrFinder } from '../registry/ecr.ts';
import { registryImages } from '../registry/images.ts';
import { cloudWatchClient } from './metric-data.ts';
import { cloudWatchMetrics } from './metrics.ts';
import { awsProber } from './prober.ts';
import { runnerCredentials } from './runner-credentials.ts';
import { awsSecrets, secretsClient } from './secrets.ts';
import { ecsClient, serviceWatch } from './services.ts';
import type { AwsSettings } from './settings.ts';
import { elbClient, elbTraffic } from './traffic.ts';

/** Region, endpoint and credentials as every AWS tool reads them from the environment. */
export const awsSettings = (environment: Readonly<Record<string, string | undefined>>): AwsSettings => {
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'];
  const endpoint = environment['AWS_ENDPOINT_URL'];
  const where = {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  const credentials = runnerCredentials(environment, where);
  return { ...where, ...(credentials === undefined ? {} : { credentials }) };
};

export interface AwsPortsOptions {
  readonly settings: AwsSettings;
  readonly clock: Clock;
  /** From the stack's outputs: `routing.listenerArn`. */
  readonly listenerArn: string | undefined;
  /** Name or ARN of the ECS cluster; undefined: health is the load balancer's word alone. */
  readonly cluster: string | undefined;
  readonly images: Pick<ImageSettings, 'build'>;
  /** Folder that `images.build` runs in. */
  readonly directory: string;
}

/** The ports of one stack on AWS. Probes are noted, so that the metric source leaves them out. */
export const awsPorts = (
  options: AwsPortsOptions,
): {
  readonly traffic: Traffic;
  readonly prober: Prober;
  readonly metrics: MetricSource;
  readonly images: Images;
  readonly secrets: Secrets;
} => {
  const { settings, clock, listenerArn, cluster, images, directory } = options;
  if (listenerArn === undefined)
    throw refused('the stack names no listener: its services are not behind a load balancer', 'pulumi up');
  const elb = elbClient(settings);
  const tally = probeTally();
  const services = cluster === undefined ? {} : { services: serviceWatch(ecsClient(settings), cluster) };
  return {
    traffic: elbTraffic(elb),
    prober: awsProber({ elb, tally, ...services }),
    metrics: cloudWatchMetrics({
      client: cloudWatchClient(settings),
      loadBalancer: listenerArn,
      clock,
      probes: tally,
    }),
    images: registryImages({ build: images.build, directory, ecr: ecrFinder(settings) }),
    secrets: awsSecrets(secretsClient(settings)),
  };
};
