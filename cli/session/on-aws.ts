import { awsPorts, awsSettings } from '../../release/adapters/aws/ports.ts';
import { FINEST_MS, refuseFine } from '../../release/adapters/aws/metrics.ts';
import { awsSecrets, secretsClient } from '../../release/adapters/aws/secrets.ts';
import { gitSource } from '../../release/adapters/git.ts';
import { hostsPorts } from '../../release/adapters/hosts/ports.ts';
import { registryImages } from '../../release/adapters/registry/images.ts';
import type { App } from '../../config/types.ts';
import { badInput } from '../../lib/errors.ts';
import { realUpdater } from './real-updater.ts';
import { ROOT, type StackConfig } from './stack-config.ts';
import type { Surroundings } from './surroundings.ts';
import { functionsOnAws } from './targets.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** CloudWatch counts by the minute: that is the gate's window, unless a wider one is asked for. */
const watched = (app: App): App => {
  if (app.gate.window !== undefined) refuseFine(app.gate.window);
  return { ...app, gate: { ...app.gate, window: app.gate.window ?? FINEST_MS } };
};

const regionOf = (config: StackConfig, environment: Environment): string => {
  const region =
    config.values['aws:region'] ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'];
  if (region !== undefined && region !== '') return region;
  throw badInput(
    'the region is not set',
    [{ path: 'aws:region', reason: 'is missing', allowed: 'e.g. eu-central-1' }],
    `pulumi config set aws:region eu-central-1 --stack ${config.stack}`,
  );
};

/** AWS, in the stack's region, with the credentials that every AWS tool would find; the real engine. */
export const onAws = (config: StackConfig, given: Environment = process.env): Surroundings => {
  const region = regionOf(config, given);
  const environment = { ...given, AWS_REGION: region };
  const settings = awsSettings(environment);
  const secrets = awsSecrets(secretsClient(settings));
  return {
    name: `AWS (${region})`,
    environment,
    hidden: [],
    secrets,
    app: watched,
    updater: realUpdater,
    ports: ({ app }, outputs, { clock }) => {
      const source = gitSource(ROOT, given);
      const { target, images: built } = app;
      if (target.kind === 'lambda')
        return {
          ...functionsOnAws({ settings, environment, clock, alias: target.alias, build: built.build }),
          source,
        };
      if (target.kind === 'hosts')
        return {
          ...hostsPorts({ ...app, target }, given),
          images: registryImages({ build: built.build, directory: ROOT }),
          source,
        };
      const { traffic, prober, metrics, images } = awsPorts({
        settings,
        clock,
        listenerArn: outputs.routing.listenerArn,
        cluster: outputs.cluster,
        images: app.images,
        directory: ROOT,
      });
      return {
        traffic,
        prober,
        metrics,
        images,
        source,
      };
    },
  };
};
