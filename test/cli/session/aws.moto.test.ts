import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import { RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { onAws } from '../../../cli/session/on-aws.ts';
import { openSession, type Session } from '../../../cli/session/open.ts';
import { readStackConfig } from '../../../cli/session/stack-config.ts';
import { withSecrets } from '../../../cli/tasks/secrets.ts';
import { cloudWatchClient } from '../../../release/adapters/aws/metric-data.ts';
import { loadBalancerDimension, targetGroupDimension } from '../../../release/adapters/aws/load-balancer.ts';
import { secretsClient } from '../../../release/adapters/aws/secrets.ts';
import { ecsClient } from '../../../release/adapters/aws/services.ts';
import { clientSettings } from '../../../release/adapters/aws/settings.ts';
import { elbClient } from '../../../release/adapters/aws/traffic.ts';
import { leaseStore } from '../../../release/adapters/lease.ts';
import { s3Client } from '../../../release/adapters/s3.ts';
import type { StackOutputs, StackUpdater } from '../../../release/ports/stack.ts';
import { readLive } from '../../../release/runner/effects/live.ts';
import { makeBalancer, startMoto, type MadeBalancer, type Moto } from '../../support/moto.ts';

/** A session as a command opens it where no sandbox is addressed; of the stack only its outputs are made up. */
const REGION = 'eu-west-1';
const BUCKETS = { backup: 'azora-backups', record: 'azora-record', lease: 'azora-lease' };

let moto: Moto;
let balancer: MadeBalancer;
let outputs: StackOutputs;
let session: Session;
let environment: Readonly<Record<string, string | undefined>>;
const directory = mkdtempSync(join(tmpdir(), 'sluice-session-'));
const settings = () => ({ ...moto.settings, region: REGION });

const stackWith = (what: () => StackOutputs): StackUpdater => ({
  outputs: () => Promise.resolve(what()),
  previewTokens: () => Promise.resolve({}),
  history: () => Promise.resolve([]),
  preview: () => Promise.resolve([]),
  up: () => Promise.reject(new Error('no updates here')),
});

// The SDK's own chain finds these, as in a shell.
const KEYS = { AWS_ACCESS_KEY_ID: 'moto', AWS_SECRET_ACCESS_KEY: 'moto' };
const shell = new Map(Object.keys(KEYS).map((name) => [name, process.env[name]]));

beforeAll(async () => {
  Object.assign(process.env, KEYS);
  moto = await startMoto();
  environment = { ...KEYS, AWS_ENDPOINT_URL: moto.endpoint };
  balancer = await makeBalancer(elbClient(settings()), await moto.network(REGION), 2);
  const [blue, green] = balancer.groups;
  const { cluster } = await ecsClient(settings()).send(new CreateClusterCommand({ clusterName: 'azora' }));
  const s3 = s3Client({ ...environment, AWS_REGION: REGION });
  for (const Bucket of Object.values(BUCKETS))
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }),
    );
  outputs = {
    release: undefined,
    url: 'https://azora.world',
    routing: {
      listenerArn: balancer.listener,
      services: { auth: { rule: balancer.rules[0] ?? '', targetGroups: { blue, green } } },
      previewHeader: 'x-sluice-preview',
    },
    buckets: BUCKETS,
    cluster: cluster?.clusterArn ?? '',
  };
  const config = readStackConfig('production');
  const surroundings = onAws(config, environment);
  session = await openSession({
    config,
    surroundings: { ...surroundings, updater: () => Promise.resolve(stackWith(() => outputs)) },
    directory,
  });
});
afterAll(async () => {
  for (const [name, value] of shell) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await session.close();
  await moto.stop();
  rmSync(directory, { recursive: true, force: true });
});

const ports = () => session.run(outputs, '1700000101-aaaaaaaaaaaa').ports;

it('reads the weights of the load balancer, and sets them by direct calls', async () => {
  const { traffic } = ports();
  expect(await readLive(traffic, outputs.routing)).toEqual({ auth: { blue: 100 } });
  const [blue, green] = balancer.groups;
  await traffic.write([{ arn: balancer.rules[0] ?? '', weights: { [blue]: 95, [green]: 5 } }]);
  expect(await readLive(traffic, outputs.routing)).toEqual({ auth: { blue: 95, green: 5 } });
});

it('keeps lease, journals and records in the stack’s own buckets, with conditional writes', async () => {
  const objects = session.objects(await session.outputs());
  const lease = leaseStore(objects.lease, 'production', session.clock);
  const asked = { deployment: '1700000101-aaaaaaaaaaaa', holder: 'ada', token: 'one', ttlMs: 60_000 };
  const other = { ...asked, deployment: '1700000102-bbbbbbbbbbbb', token: 'two' };
  const both = await Promise.all([
    lease.acquire({ ...asked, preempt: false }),
    lease.acquire({ ...other, preempt: false }),
  ]);
  expect(both.map((a) => a.kind).sort()).toEqual(['granted', 'taken']);
  expect(await objects.record.put('records/x.json', '{}', null)).toBeDefined();
  expect(await objects.record.put('records/x.json', '{}', null)).toBeUndefined();
  expect(await objects.backup.list('')).toEqual([]);
});

it('finds images by digest and secrets by reference, in the stack’s region', async () => {
  const ecr = new ECRClient(clientSettings(settings()));
  const { repository } = await ecr.send(
    new CreateRepositoryCommand({ repositoryName: 'azora/auth-service' }),
  );
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { digest: `sha256:${'0'.repeat(64)}`, size: 2, mediaType: 'application/json' },
    layers: [],
  });
  await ecr.send(
    new PutImageCommand({ repositoryName: 'azora/auth-service', imageManifest, imageTag: 'v1.2.3' }),
  );
  const { images, secrets } = ports();
  const name = repository?.repositoryUri ?? '';
  expect(name).toContain(REGION);
  expect(await images.find(name, 'v1.2.3')).toMatch(/@sha256:[0-9a-f]{64}$/);
  expect(await images.find(name, 'v9.9.9')).toBeUndefined();
  await expect(images.build('v1.2.3', [name], () => undefined)).rejects.toMatchObject({ exit: 3 });

  await secretsClient(settings()).send(
    new CreateSecretCommand({ Name: 'PROD_DATABASE_URL', SecretString: 'x' }),
  );
  const reference = await secrets.describe('PROD_DATABASE_URL');
  expect(reference?.arn).toContain(`:${REGION}:`);
  // A task of the stack finds them in the same place.
  const inTask = await withSecrets({ ...environment, AWS_REGION: REGION }, (found) =>
    found.describe('PROD_DATABASE_URL'),
  );
  expect(inTask).toEqual(reference);
});

it('asks the load balancer and the cluster for health, and CloudWatch for counts by the minute', async () => {
  const { prober, metrics } = ports();
  const [blue] = balancer.groups;
  await elbClient(settings()).send(
    new RegisterTargetsCommand({ TargetGroupArn: blue, Targets: [{ Id: '172.31.0.10' }] }),
  );
  expect(await prober.targets([blue])).toEqual({ [blue]: { healthy: 1, total: 1 } });

  const width = session.config.app.gate.window ?? 0;
  expect(width).toBe(60_000);
  const to = Math.floor(Date.now() / width) * width - 5 * width;
  const dimensions = [
    { Name: 'TargetGroup', Value: targetGroupDimension(blue) },
    { Name: 'LoadBalancer', Value: loadBalancerDimension(balancer.listener) },
  ];
  const counted = (MetricName: string, Dimensions: typeof dimensions, Value: number) => ({
    MetricName,
    Dimensions,
    Value,
    Timestamp: new Date(to + 1_000),
  });
  await cloudWatchClient(settings()).send(
    new PutMetricDataCommand({
      Namespace: 'AWS/ApplicationELB',
      MetricData: [
        counted('RequestCount', dimensions.slice(1), 12),
        counted('RequestCount', dimensions, 12),
        counted('HTTPCode_Target_2XX_Count', dimensions, 12),
      ],
    }),
  );
  const services = { auth: { fresh: blue, stable: undefined, slowerThanMs: undefined } };
  const seen = await metrics.windows({ services, since: to, widthMs: width });
  expect(seen.find((w) => w.from === to)?.fresh).toMatchObject({ requests: 12, errors: 0 });
});

it('the gate’s window is one that CloudWatch can give, or is refused at once', () => {
  const config = readStackConfig('production', { gate: { window: '90 seconds' } });
  const place = onAws(config, environment);
  expect(() => place.app(config.app)).toThrow(/CloudWatch/);
  const wide = readStackConfig('production', { gate: { window: '2 minutes' } });
  expect(place.app(wide.app).gate.window).toBe(120_000);
});
