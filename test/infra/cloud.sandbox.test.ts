import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import main from '../../infra/index.ts';
import { readStackFile } from '../../config/stack-file.ts';
import { startCloud, type Cloud } from '../../sandbox/cloud/cloud.ts';
import { DEFAULT_OPTIONS } from '../../sandbox/cloud/options.ts';
import { startReaper, type Reaper } from '../../sandbox/cloud/reaper-client.ts';
import { createEngine, fileStore } from '../../sandbox/engine/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const SERVICES = ['api-gateway', 'auth-service', 'education-service', 'marketplace-service'];

/** A service that says who it is. */
const SERVER = `
  const { createServer } = require('node:http');
  const { PORT, SLUICE_VERSION, SLUICE_SERVICE, SLUICE_SLOT } = process.env;
  createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'healthy', version: SLUICE_VERSION, service: SLUICE_SERVICE, slot: SLUICE_SLOT }));
  }).listen(Number(PORT), process.env.HOST ?? '127.0.0.1');
`;

let directory: string;
let reaper: Reaper;
let cloud: Cloud;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-program-cloud-'));
  // Commands run here: they say what they were asked for, and leave the rest to their own tests.
  mkdirSync(join(directory, 'cli'));
  writeFileSync(
    join(directory, 'cli/sluice.js'),
    `require('node:fs').appendFileSync('asked.log', [...process.argv.slice(2), process.env.SLUICE_VERSION ?? '-'].join(' ') + '\\n');`,
  );
  const image = join(directory, 'image');
  mkdirSync(image);
  writeFileSync(join(image, 'main.js'), SERVER);
  reaper = startReaper('sluice-test');
  const options = {
    ...DEFAULT_OPTIONS,
    directory: join(directory, 'cloud'),
    cwd: directory,
    postgres: false,
  };
  const control = () => ({ url: 'http://127.0.0.1:9', token: 'none' });
  cloud = await startCloud(options, reaper, { control, log: () => undefined });
  cloud.secrets.put('STAGING_DATABASE_URL', 'postgres://nowhere/');
  for (const version of ['v1.0.0', 'v2.0.0'])
    for (const service of SERVICES)
      await cloud.registry.publish({
        repository: `docker.io/azora/${service}`,
        tag: version,
        directory: image,
        environment: { BUILT: version },
      });
});

afterAll(async () => {
  await cloud.close();
  await reaper.close();
  rmSync(directory, { recursive: true, force: true });
});

const up = async (version: string) => {
  const config = { ...readStackFile(readFileSync(join(ROOT, 'Pulumi.staging.yaml'), 'utf8'), 'sluice') };
  const { outputs } = await createEngine({
    project: 'sluice',
    stack: 'staging',
    program: async () => ({ ...(await main()) }),
    config: { ...config, 'sluice:version': version },
    provider: cloud.provider,
    store: fileStore(join(directory, 'state')),
    passphrase: 'test',
    now: Date.now,
  }).up();
  return (name: string) => outputs[name]?.value;
};

const ask = async (url: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}/api/education/health`, { headers });
  return (await response.json()) as Record<string, string>;
};

it('staging is deployed twice into the local cloud, and users see the new version', async () => {
  const first = await up('v1.0.0');
  const url = String(first('url'));
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await ask(url)).toMatchObject({ version: 'v1.0.0', service: 'education-service', slot: 'blue' });
  const { blue } = first('previewTokens') as Record<string, string>;
  const second = await up('v2.0.0');
  expect(second('url')).toBe(url);
  expect(await ask(url)).toMatchObject({ version: 'v2.0.0', slot: 'green' });
  const { green } = second('previewTokens') as Record<string, string>;
  expect(await ask(url, { 'X-Sluice-Preview': green ?? '' })).toMatchObject({ slot: 'green' });
  // The old slot's token opens nothing any more: the request is an ordinary one.
  expect(await ask(url, { 'X-Sluice-Preview': blue ?? '' })).toMatchObject({ slot: 'green' });
  expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  expect(readFileSync(join(directory, 'asked.log'), 'utf8').split('\n')).toEqual([
    'task migrate v1.0.0',
    'task verify v1.0.0',
    'task smoke -',
    'task record -',
    'task migrate v2.0.0',
    'task verify v2.0.0',
    'task smoke -',
    'task record -',
    '',
  ]);
});
