import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runnerCredentials } from '../../../../release/adapters/aws/runner-credentials.ts';
import { awsSecrets, secretsClient } from '../../../../release/adapters/aws/secrets.ts';
import { startMoto, type Moto } from '../../../support/moto.ts';

let moto: Moto;
const asked: string[] = [];
/** GitHub's side: gives a job its identity token. */
const issuer = createServer((incoming, response) => {
  asked.push(`${incoming.headers.authorization ?? ''} ${incoming.url ?? ''}`);
  const denied = incoming.url?.includes('denied') === true;
  response.writeHead(denied ? 403 : 200);
  response.end(denied ? '{}' : JSON.stringify({ value: `token-${asked.length}` }));
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((ready) => issuer.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token?api-version=2.0`;
  moto = await startMoto();
});
afterAll(async () => {
  issuer.closeAllConnections();
  issuer.close();
  await moto.stop();
});

const job = (tokenUrl = url) => ({
  SLUICE_AWS_ROLE: 'arn:aws:iam::123456789012:role/azora-production-deploy',
  ACTIONS_ID_TOKEN_REQUEST_URL: tokenUrl,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer',
});

it('a job takes its role with a fresh token each time, and calls AWS with it', async () => {
  const credentials = runnerCredentials(job(), moto.settings);
  if (typeof credentials !== 'function') throw new Error('no credentials for the job');
  const first = await credentials();
  expect(first.sessionToken).toMatch(/\S/);
  // With an end the SDK knows when to ask again.
  expect(first.expiration?.getTime()).toBeGreaterThan(Date.now());
  await credentials();
  expect(asked).toEqual(Array(2).fill('Bearer bearer /token?api-version=2.0&audience=sts.amazonaws.com'));
  const client = secretsClient({ ...moto.settings, credentials });
  await client.send(new CreateSecretCommand({ Name: 'x', SecretString: 'y' }));
  expect(await awsSecrets(client).describe('x')).toBeDefined();
});

it('a job that may not have a token is told what it needs', async () => {
  const credentials = runnerCredentials(job(`${url}&denied`), moto.settings);
  if (typeof credentials !== 'function') throw new Error('no credentials for the job');
  await expect(credentials()).rejects.toMatchObject({ hint: 'the job needs `permissions: id-token: write`' });
});

it('elsewhere the SDK finds credentials by itself', () => {
  expect(runnerCredentials({})).toBeUndefined();
  expect(runnerCredentials({ SLUICE_AWS_ROLE: 'arn:aws:iam::1:role/x' })).toBeUndefined();
});
