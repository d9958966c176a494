import {
  CreateAliasCommand,
  CreateFunctionCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lambdaClient } from '../../../../release/adapters/aws/lambda/client.ts';
import { s3Artifacts } from '../../../../release/adapters/aws/lambda/artifacts.ts';
import { lambdaProber } from '../../../../release/adapters/aws/lambda/prober.ts';
import { lambdaTraffic } from '../../../../release/adapters/aws/lambda/traffic.ts';
import { s3Client } from '../../../../release/adapters/s3.ts';
import { zip } from '../../../../sandbox/cloud/lambda/zip.ts';
import { trafficContract } from '../../../support/contracts/traffic.ts';
import { startMoto, type Moto } from '../../../support/moto.ts';

const NAME = 'shop-production-greet';
const ALIASES = Array.from({ length: 20 }, (_, i) => `a${i}`);
let moto: Moto;
let versions: [string, string];

const makeRole = async (): Promise<string> => {
  const trust = {
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  };
  const body = new URLSearchParams({
    Action: 'CreateRole',
    Version: '2010-05-08',
    RoleName: 'greet',
    AssumeRolePolicyDocument: JSON.stringify(trust),
  });
  const authorization =
    'AWS4-HMAC-SHA256 Credential=moto/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none';
  const response = await fetch(moto.endpoint, { method: 'POST', body, headers: { authorization } });
  return /<Arn>([^<]+)/.exec(await response.text())?.[1] ?? '';
};

beforeAll(async () => {
  moto = await startMoto();
  const client = lambdaClient(moto.settings);
  const ZipFile = zip({ 'index.mjs': Buffer.from('export const handler = () => 1;') });
  const { FunctionArn = '' } = await client.send(
    new CreateFunctionCommand({
      FunctionName: NAME,
      Role: await makeRole(),
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile },
    }),
  );
  const publish = async (Description: string): Promise<string> => {
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: NAME, Description }));
    const { Version = '' } = await client.send(
      new PublishVersionCommand({ FunctionName: NAME, Description }),
    );
    return `${FunctionArn}:${Version}`;
  };
  versions = [await publish('v1.0.0'), await publish('v2.0.0')];
  for (const Name of ALIASES)
    await client.send(new CreateAliasCommand({ FunctionName: NAME, Name, FunctionVersion: '1' }));
});
afterAll(() => moto.stop());

const aliasArn = (name: string): string => versions[0].replace(/:\d+$/, `:${name}`);

trafficContract('Lambda (moto)', () =>
  Promise.resolve({
    traffic: lambdaTraffic(lambdaClient(moto.settings)),
    rules: ALIASES.map(aliasArn),
    groups: versions,
    missing: aliasArn('missing'),
    close: () => Promise.resolve(),
  }),
);

it('published versions are there, and one that is not says so', async () => {
  const gone = versions[0].replace(/:\d+$/, ':77');
  const seen = await lambdaProber(lambdaClient(moto.settings)).targets([...versions, gone]);
  expect(seen).toEqual({
    [versions[0]]: { healthy: 1, total: 1 },
    [versions[1]]: { healthy: 1, total: 1 },
    [gone]: { healthy: 0, total: 1 },
  });
});

it('an artifact is found by its version, and only while its bytes are there', async () => {
  const client = s3Client({
    AWS_ENDPOINT_URL_S3: moto.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'moto',
    AWS_SECRET_ACCESS_KEY: 'moto',
  });
  const Bucket = 'artifacts';
  await client.send(
    new CreateBucketCommand({
      Bucket,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    }),
  );
  const put = (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket, Key, Body }));
  const sha256 = 'a'.repeat(64);
  await put('greet/v1.0.0.json', JSON.stringify({ sha256 }));
  await put('greet/v2.0.0.json', '{}');
  const artifacts = s3Artifacts({ client, build: undefined, directory: '.' });
  expect(await artifacts.find('s3://artifacts/greet', 'v1.0.0')).toBeUndefined();
  await put(`greet/${sha256}.zip`, 'bytes');
  expect(await artifacts.find('s3://artifacts/greet', 'v1.0.0')).toBe(
    `s3://artifacts/greet@sha256:${sha256}`,
  );
  await expect(artifacts.find('s3://artifacts/greet', 'v2.0.0')).rejects.toThrow('names no digest');
  expect(await artifacts.find('s3://artifacts/greet', 'v9.0.0')).toBeUndefined();
});
