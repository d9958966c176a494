import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isNamed } from '../../../../release/adapters/aws/asking.ts';
import { awsProber } from '../../../../release/adapters/aws/prober.ts';
import { awsSecrets, secretsClient } from '../../../../release/adapters/aws/secrets.ts';
import { ecsClient, serviceWatch } from '../../../../release/adapters/aws/services.ts';
import { clientSettings } from '../../../../release/adapters/aws/settings.ts';
import { ecsTasks } from '../../../../release/adapters/aws/tasks.ts';
import { logsClient } from '../../../../release/adapters/aws/task-logs.ts';
import { elbClient, elbTraffic } from '../../../../release/adapters/aws/traffic.ts';
import { s3Objects } from '../../../../release/adapters/objects.ts';
import { s3Client } from '../../../../release/adapters/s3.ts';
import { ecrFinder } from '../../../../release/adapters/registry/ecr.ts';
import { registryImages } from '../../../../release/adapters/registry/images.ts';
import { systemClock } from '../../../../lib/clock.ts';
import { objectsContract } from '../../../support/contracts/objects.ts';
import { proberContract } from '../../../support/contracts/prober.ts';
import { imagesContract, secretsContract } from '../../../support/contracts/supply.ts';
import { trafficContract } from '../../../support/contracts/traffic.ts';
import { makeBalancer, startMoto, type MadeBalancer, type Moto } from '../../../support/moto.ts';

let moto: Moto;
let balancer: MadeBalancer;
beforeAll(async () => {
  moto = await startMoto();
  balancer = await makeBalancer(elbClient(moto.settings), await moto.network());
});
afterAll(() => moto.stop());
const nothing = () => Promise.resolve();

trafficContract('AWS (moto)', () =>
  Promise.resolve({
    traffic: elbTraffic(elbClient(moto.settings)),
    rules: balancer.rules,
    groups: balancer.groups,
    missing: `${balancer.rules[0] ?? ''}missing`,
    close: nothing,
  }),
);

objectsContract('AWS S3 (moto)', async () => {
  const client = s3Client({
    AWS_ENDPOINT_URL_S3: moto.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'moto',
    AWS_SECRET_ACCESS_KEY: 'moto',
  });
  const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' as const };
  await client.send(
    new CreateBucketCommand({ Bucket: 'azora-production-record', CreateBucketConfiguration }),
  );
  return { objects: s3Objects('azora-production-record', client), close: nothing };
});

secretsContract('AWS (moto)', () => {
  const client = secretsClient(moto.settings);
  const put = async (Name: string, SecretString: string): Promise<void> => {
    try {
      await client.send(new CreateSecretCommand({ Name, SecretString }));
    } catch (error) {
      if (!isNamed(error, 'ResourceExistsException')) throw error;
      await client.send(new PutSecretValueCommand({ SecretId: Name, SecretString }));
    }
  };
  return Promise.resolve({ secrets: awsSecrets(client), put, close: nothing });
});

it('a secret that is to be deleted does not exist any more', async () => {
  const client = secretsClient(moto.settings);
  await client.send(new CreateSecretCommand({ Name: 'leaving', SecretString: 'x' }));
  await client.send(new DeleteSecretCommand({ SecretId: 'leaving', RecoveryWindowInDays: 7 }));
  expect(await awsSecrets(client).describe('leaving')).toBeUndefined();
});

imagesContract('AWS ECR (moto)', async () => {
  const ecr = new ECRClient(clientSettings(moto.settings));
  const { repository } = await ecr.send(
    new CreateRepositoryCommand({ repositoryName: 'azora/auth-service' }),
  );
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { digest: `sha256:${'0'.repeat(64)}`, size: 2, mediaType: 'application/json' },
    layers: [],
  });
  const put = new PutImageCommand({
    repositoryName: 'azora/auth-service',
    imageManifest,
    imageTag: 'v1.2.3',
  });
  const { image } = await ecr.send(put);
  return {
    images: registryImages({ build: undefined, directory: '.', ecr: ecrFinder(moto.settings) }),
    repository: repository?.repositoryUri ?? '',
    tag: 'v1.2.3',
    digest: image?.imageId?.imageDigest ?? '',
    close: nothing,
  };
});

const healthServer = async (): Promise<Server> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"status":"healthy","version":"1.0.0"}');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

proberContract('AWS (moto)', async () => {
  const elb = elbClient(moto.settings);
  const server = await healthServer();
  const [group] = balancer.groups;
  await elb.send(
    new RegisterTargetsCommand({
      TargetGroupArn: group,
      Targets: [{ Id: '172.31.0.10' }, { Id: '172.31.0.11' }],
    }),
  );
  return {
    prober: awsProber({ elb }),
    healthy: {
      service: 'auth',
      targetGroup: group,
      url: `http://127.0.0.1:${portOf(server)}/health`,
      headers: { 'X-Sluice-Preview': 'token' },
      version: 'v1.0.0',
      timeoutMs: 5_000,
    },
    targets: 2,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
});

describe('ECS (moto)', () => {
  const definition = {
    family: 'azora-auth',
    networkMode: 'awsvpc' as const,
    requiresCompatibilities: ['FARGATE' as const],
    cpu: '256',
    memory: '512',
    containerDefinitions: [
      {
        name: 'app',
        image: 'azora/auth:v1',
        cpu: 256,
        memory: 512,
        portMappings: [{ containerPort: 8080 }],
        secrets: [
          { name: 'DATABASE_URL', valueFrom: 'arn:aws:secretsmanager:eu-central-1:1:secret:db:::one' },
        ],
      },
    ],
  };
  beforeAll(async () => {
    const ecs = ecsClient(moto.settings);
    await ecs.send(new CreateClusterCommand({ clusterName: 'azora' }));
    await ecs.send(new RegisterTaskDefinitionCommand(definition));
  });

  it('tasks that a service wants and that are no targets yet count as not healthy', async () => {
    const [ecs, elb] = [ecsClient(moto.settings), elbClient(moto.settings)];
    const [, group] = balancer.groups;
    await ecs.send(
      new CreateServiceCommand({
        cluster: 'azora',
        serviceName: 'green-auth',
        taskDefinition: 'azora-auth',
        desiredCount: 3,
        loadBalancers: [{ targetGroupArn: group, containerName: 'app', containerPort: 8080 }],
      }),
    );
    await elb.send(new RegisterTargetsCommand({ TargetGroupArn: group, Targets: [{ Id: '172.31.0.12' }] }));
    const prober = awsProber({ elb, services: serviceWatch(ecs, 'azora') });
    const first = await prober.targets([group]);
    expect(first[group]?.total).toBe(3);
    expect(first[group]?.healthy).toBeLessThan(3);
    // The second look goes straight to the service it knows.
    expect(await prober.targets([group])).toEqual(first);
  });

  it('runs a one-off task with the new image and leaves no task definition behind', async () => {
    const ecs = ecsClient(moto.settings);
    await moto.control('state-manager/set-transition', {
      model_name: 'ecs::task',
      transition: { progression: 'manual', times: 1 },
    });
    const { subnets, securityGroup } = await moto.network();
    const tasks = ecsTasks({
      ecs,
      logs: logsClient(moto.settings),
      // Two seconds between looks are no time here.
      clock: { now: () => systemClock.now(), sleep: () => Promise.resolve() },
      cluster: 'azora',
      subnets: subnets.slice(0, 1),
      securityGroups: [securityGroup],
      basedOn: 'azora-auth',
      image: 'azora/auth:v2',
      timeoutMs: 60_000,
      startedBy: '1700000101-aaaaaaaaaaaa',
    });
    expect(await tasks.run('./migrate', { VERSION: 'v2' }, () => undefined)).toEqual({ exitCode: 0 });
    const left = async (status: 'ACTIVE' | 'INACTIVE') =>
      (await ecs.send(new ListTaskDefinitionsCommand({ familyPrefix: 'azora-auth-once', status })))
        .taskDefinitionArns;
    expect(await left('ACTIVE')).toEqual([]);
    expect(await left('INACTIVE')).toHaveLength(1);
  });
});
