import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveProvider, type ProviderServer } from '../../sandbox/grpc/server.ts';
import { testCloud, type TestCloud } from '../sandbox/provider/cloud.ts';
import { engineEnvironment, ROOT } from './ground.ts';

const PLANTED = 'planted-5up3r-secret';

let cloud: TestCloud;
let server: ProviderServer;
let directory: string;
beforeAll(async () => {
  cloud = await testCloud();
  server = await serveProvider(cloud.cloud.provider, '7.48.0');
  directory = mkdtempSync(join(tmpdir(), 'sluice-foundation-'));
  for (const folder of ['backend', 'home', 'checkout']) mkdirSync(join(directory, folder));
  for (const stack of ['foundation', 'staging', 'production'])
    copyFileSync(join(ROOT, `Pulumi.${stack}.yaml`), join(directory, 'checkout', `Pulumi.${stack}.yaml`));
  const project = readFileSync(join(ROOT, 'Pulumi.yaml'), 'utf8');
  const main = `main: ${join(ROOT, 'infra/index.ts')}`;
  writeFileSync(join(directory, 'checkout/Pulumi.yaml'), project.replace('main: infra/index.ts', main));
});
afterAll(async () => {
  server.close();
  await cloud.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** A command line as an administrator types it; both outputs as a terminal shows them. */
const pulumi = (...args: string[]) =>
  new Promise<{ code: number; text: string }>((resolve) => {
    const env = { ...process.env, ...engineEnvironment(directory, server.port) };
    const all = [...args, '--stack', 'foundation', '--non-interactive', '--color', 'never'];
    execFile('pulumi', all, { cwd: join(directory, 'checkout'), env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, text: stdout + stderr });
    });
  });

it('an administrator brings the foundation up with the real engine; the second update changes nothing', async () => {
  expect(await pulumi('stack', 'init')).toMatchObject({ code: 0 });
  const path = ['--secret', '--path', 'sluice:githubSecrets.PROD_DATABASE_URL', PLANTED];
  expect(await pulumi('config', 'set', ...path)).toMatchObject({ code: 0 });

  const up = ['up', '--yes', '--skip-preview', '--suppress-outputs'];
  const first = await pulumi(...up);
  expect(first.code, first.text).toBe(0);
  const made = Number(/ \+ (\d+) created/.exec(first.text)?.[1]);

  const second = await pulumi(...up);
  expect(second.text).toMatch(new RegExp(` ${made} unchanged`));
  expect(second.text).not.toMatch(/created|updated|replaced|deleted/);

  const outputs = await pulumi('stack', 'output', '--json');
  expect(JSON.parse(outputs.text)).toMatchObject({
    approval: 'github',
    roles: { 'production-deploy': expect.stringMatching(/role\/azora-production-deploy$/) },
  });
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  const texts = files.map((f) => readFileSync(join(f.parentPath, f.name), 'utf8'));
  expect(texts.some((text) => text.includes('PROD_DATABASE_URL'))).toBe(true);
  expect(texts.filter((text) => text.includes(PLANTED))).toEqual([]);
  expect(first.text + second.text + outputs.text).not.toContain(PLANTED);
});
