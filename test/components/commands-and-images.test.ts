import { expect, it } from 'vitest';
import { DatabaseCommand } from '../../components/database-command.ts';
import { planCommands, type CommandsPlanArgs } from '../../components/database-command.plan.ts';
import { ecrParts, imagesToFind, parseDigests } from '../../components/images.plan.ts';
import { resolveImages } from '../../components/images.ts';
import { resolveSecrets } from '../../components/secrets.ts';
import { parseApp } from '../../config/app.ts';
import { D1 } from '../support/releases.ts';
import { MemoryCloud } from '../infra/cloud.ts';
import { declared, find, outline } from './declared.ts';

const app = parseApp(
  {
    application: 'azora',
    url: 'https://azora.world',
    images: { repository: 'docker.io/azora/{service}' },
    services: { auth: { path: '/auth/*', port: 3001 } },
    secrets: { DATABASE_URL: 'PROD_DATABASE_URL' },
    database: { url: 'DATABASE_URL', migrations: { command: 'npx dbmate up' } },
  },
  { stack: 'production' },
);
const nothing: CommandsPlanArgs = { app, backup: undefined, schema: undefined, verify: undefined };

it('a release without backup, migration and verification has no commands', () => {
  expect(planCommands(nothing)).toEqual([]);
});

it('a migration is told its deployment, version and command: ids and references, no values', async () => {
  const [planned] = planCommands({ ...nothing, schema: { deployment: D1, version: 'v1.0.0' } });
  if (planned === undefined) throw new Error('nothing planned');
  const list = await declared(
    () =>
      new DatabaseCommand('migrate', {
        planned,
        environment: { SLUICE_DATABASE_SECRET: 'arn:aws:secretsmanager:eu-west-1:1:secret:DB-a:one' },
        after: [],
      }),
  );
  expect(outline(list)).toEqual([
    'migrate (sluice:DatabaseCommand) < ',
    'migrate-command (command:Command) < migrate',
  ]);
  const { inputs } = find(list, 'migrate-command');
  expect(inputs).toMatchObject({ triggers: [D1], logging: 'none' });
  expect(String(inputs['create'])).toMatch(/node cli\/sluice\.js task migrate$/);
  expect(inputs['environment']).toMatchObject({
    SLUICE_APPLICATION: 'azora',
    SLUICE_ENVIRONMENT: 'production',
    SLUICE_DEPLOYMENT: D1,
    SLUICE_VERSION: 'v1.0.0',
    SLUICE_MIGRATION_COMMAND: 'npx dbmate up',
    SLUICE_DATABASE_URL_NAME: 'DATABASE_URL',
  });
});

it('a machine’s own paths are no inputs: on another machine they would be a change', () => {
  const all = planCommands({ ...nothing, backup: D1, schema: { deployment: D1, version: 'v1.0.0' } });
  expect(all.map((c) => c.kind)).toEqual(['backup', 'migrate']);
  expect(JSON.stringify(all)).not.toContain(process.cwd());
});

it('images are found by digest, the missing ones named together', async () => {
  const two = { ...app, services: { ...app.services, api: { ...app.services['auth'] } } } as typeof app;
  let found: Record<string, string> = {};
  let refused = '';
  await declared(async () => {
    found = await resolveImages(two, 'v1.0.0', { api: 'docker.io/azora/api@sha256:known' });
    await resolveImages(two, 'v7.0.0', {}).catch((e: unknown) => (refused = String(e)));
  });
  expect(found['auth']).toMatch(/^docker\.io\/azora\/auth@sha256:0+1$/);
  expect(found['api']).toBe('docker.io/azora/api@sha256:known');
  expect(refused).toContain('2 of 2 images of v7.0.0 cannot be found');
  expect(refused).toContain('docker.io/azora/auth:v7.0.0');
});

it('secrets are found by version, never by value', async () => {
  const cloud = new MemoryCloud();
  let found = {};
  await declared(async () => {
    found = await resolveSecrets({ DATABASE_URL: 'PROD_DATABASE_URL' });
  }, cloud);
  expect(found).toEqual({
    DATABASE_URL: {
      arn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:PROD_DATABASE_URL-abcdef',
      version: 'secret-version-1',
    },
  });
});

it('ECR repositories are taken apart; digests that were handed in are read strictly', () => {
  expect(ecrParts('123456789012.dkr.ecr.eu-west-1.amazonaws.com/azora/auth')).toEqual({
    registryId: '123456789012',
    region: 'eu-west-1',
    name: 'azora/auth',
  });
  expect(ecrParts('docker.io/azora/auth')).toBeUndefined();
  expect(imagesToFind(app, 'v1.0.0', { auth: 'x' })).toEqual([]);
  expect(() =>
    parseDigests({ auth: 'docker.io/azora/auth:v1', chat: 'x' }, ['auth'], 'sluice:images'),
  ).toThrow(/sluice:images\.auth: is no image with a digest[^]*sluice:images\.chat: no such service/);
});
