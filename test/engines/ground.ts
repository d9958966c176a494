import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseApp } from '../../config/app.ts';
import type { Release, SecretReference, Slot } from '../../config/release.types.ts';
import { readStackFile } from '../../config/stack-file.ts';
import type { App } from '../../config/types.ts';
import { freeze } from '../../release/core/freeze.ts';
import { startSandbox, type Sandbox } from '../../sandbox/client.ts';
import type { Fault } from '../../sandbox/cloud/faults.ts';
import { serveProvider, type ProviderServer } from '../../sandbox/grpc/server.ts';
import type { Props, Provider } from '../../sandbox/provider/contract.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const SERVICES = ['api-gateway', 'auth-service', 'education-service', 'marketplace-service'];
export const PASSPHRASE = 'correct horse battery';
/** Planted where secrets belong; must be found nowhere else. */
export const PLANTED = 'planted-secret-5up3r';

/** A service that says who it is. */
const SERVER = `
  const { createServer } = require('node:http');
  const { PORT, SLUICE_VERSION, SLUICE_SERVICE, SLUICE_SLOT } = process.env;
  createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'healthy', version: SLUICE_VERSION, service: SLUICE_SERVICE, slot: SLUICE_SLOT }));
  }).listen(Number(PORT), process.env.HOST ?? '127.0.0.1');
`;
/** Stands for the project's command line: says what it was asked for, and leaves the rest to its own tests. */
const COMMANDS = `require('node:fs').appendFileSync('asked.log', process.argv.slice(2).join(' ') + '\\n');`;

/** One sandbox with everything that Azora's stacks need, and the provider server in front of it. */
export interface Ground {
  readonly directory: string;
  readonly sandbox: Sandbox;
  /** The sandbox's handlers, as the embedded engine takes them. */
  readonly provider: Provider;
  readonly server: ProviderServer;
  /** Backend, passphrase and attached providers of this ground; a Pulumi home of its own. */
  readonly environment: Readonly<Record<string, string>>;
  image(service: string, version: string): string;
  readonly secrets: Readonly<Record<string, SecretReference>>;
  fault(fault: Fault): Promise<void>;
  clearFaults(): Promise<void>;
  close(): Promise<void>;
}

export const VERSIONS = ['v1.0.0', 'v2.0.0'];

/** Starts one; `wrap` sits between the provider server and the handlers. */
export const openGround = async (wrap: (provider: Provider) => Provider = (p) => p): Promise<Ground> => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-engines-'));
  for (const folder of ['cli', 'image', 'backend', 'home']) mkdirSync(join(directory, folder));
  writeFileSync(join(directory, 'cli/sluice.js'), COMMANDS);
  writeFileSync(join(directory, 'image/main.js'), SERVER);
  const sandbox = await startSandbox({
    directory: join(directory, 'cloud'),
    cwd: directory,
    postgres: false,
    region: 'eu-west-1',
  });
  const images = new Map<string, string>();
  for (const version of VERSIONS)
    for (const service of SERVICES) {
      const { reference } = await sandbox.call<{ reference: string }>('POST', '/registry/publish', {
        repository: `docker.io/azora/${service}`,
        tag: version,
        directory: join(directory, 'image'),
        environment: { BUILT: version },
      });
      images.set(`${service} ${version}`, reference);
    }
  for (const secret of ['STAGING_DATABASE_URL', 'PROD_DATABASE_URL'])
    await sandbox.call('PUT', `/secrets/${secret}`, { value: `postgres://azora:${PLANTED}@nowhere/` });
  const database = await sandbox.call<SecretReference>('GET', '/secrets/PROD_DATABASE_URL');
  const provider = wrap(sandbox.provider);
  const server = await serveProvider(provider, '7.48.0');
  return {
    directory,
    sandbox,
    provider,
    server,
    environment: engineEnvironment(directory, server.port),
    image: (service, version) => images.get(`${service} ${version}`) ?? '',
    secrets: { DATABASE_URL: database },
    fault: async (fault) => void (await sandbox.call('POST', '/faults', fault)),
    clearFaults: async () => void (await sandbox.call('DELETE', '/faults')),
    close: async () => {
      server.close();
      await sandbox.close();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** What `sluice sandbox env` would print for it. */
export const engineEnvironment = (directory: string, port: number): Record<string, string> => ({
  PULUMI_BACKEND_URL: `file://${join(directory, 'backend')}?metadata=skip`,
  PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
  PULUMI_HOME: join(directory, 'home'),
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  PULUMI_DEBUG_PROVIDERS: ['aws', 'github', 'docker', 'command'].map((p) => `${p}:${port}`).join(','),
  AWS_REGION: 'eu-west-1',
});

/** Configuration of one of Azora's stacks as the repository has it; `edit` changes `sluice:app`. */
export const azoraConfig = (
  stack: 'staging' | 'production',
  edit: (app: Props) => void = () => undefined,
): Record<string, string> => {
  const file = readFileSync(join(ROOT, `Pulumi.${stack}.yaml`), 'utf8');
  const config: Record<string, string> = { ...readStackFile(file, 'sluice') };
  const app = JSON.parse(config['sluice:app'] ?? '{}') as Props;
  edit(app);
  return { ...config, 'sluice:app': JSON.stringify(app) };
};

export const appOf = (config: Readonly<Record<string, string>>, stack: string): App =>
  parseApp(JSON.parse(config['sluice:app'] ?? '{}'), { stack });

/** A slot of production: `app` as it is now, frozen at a version. */
export const slotOf = (
  ground: Ground,
  config: Readonly<Record<string, string>>,
  version: string,
  deployment: string,
): Slot => {
  const app = appOf(config, 'production');
  const images = Object.fromEntries(
    Object.keys(app.services).map((name) => [name, ground.image(name, version)]),
  );
  return freeze(app, { version, deployment, images, secrets: ground.secrets });
};

/** The first release of a stack: version 1 in blue, with all the traffic. */
export const firstRelease = (
  ground: Ground,
  config: Readonly<Record<string, string>>,
  deployment: string,
): Release => ({
  format: 1,
  serial: 0,
  replaces: null,
  deployment,
  slots: { blue: slotOf(ground, config, 'v1.0.0', deployment) },
  traffic: { blue: 100, green: 0 },
});

/** Files outside of the cloud itself that hold the planted secret: state, its backups, history, stack files, logs. */
export const leaks = (directory: string): string[] => {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
    (f) => f.isFile() && !f.parentPath.startsWith(join(directory, 'cloud')),
  );
  if (files.length < 5) throw new Error(`${directory} holds nothing to look at`);
  const shapes = [PLANTED, Buffer.from(PLANTED).toString('base64').slice(0, -4)];
  return files
    .map((f) => join(f.parentPath, f.name))
    .filter((file) => {
      const text = readFileSync(file, 'latin1');
      return shapes.some((shape) => text.includes(shape));
    });
};
