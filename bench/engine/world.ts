/**
 * A local cloud for benches of the engines: Azora's production without its database, services that only say who they
 * are, and the provider server in a process of its own, as `sluice sandbox up` starts it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inSandbox } from '../../cli/session/in-sandbox.ts';
import { openSession, type Session } from '../../cli/session/open.ts';
import { frozenNow } from '../../cli/work/preview-slots.ts';
import type { StackConfig } from '../../cli/session/stack-config.ts';
import { parseApp } from '../../config/app.ts';
import { deploymentId } from '../../lib/ids.ts';
import type { Request } from '../../release/core/engine/types.ts';
import { wholeRelease } from '../../release/core/preview/ahead.ts';
import type { UpdateResult } from '../../release/ports/stack.ts';
import type { Outcome, RunOptions } from '../../release/runner/types.ts';
import { createOperator, runRelease } from '../../release/runner.ts';
import { sandboxSecrets } from '../../sandbox/adapters/secrets.ts';
import { connectSandbox, startSandbox, type Sandbox } from '../../sandbox/client.ts';
import { startGrpc } from '../../sandbox/grpc/client.ts';
import { readConfig, STACK } from '../program/azora.ts';

export type AppEdit = (app: Record<string, unknown>) => void;

const SERVER = `
  const { createServer } = require('node:http');
  const { PORT, SLUICE_VERSION, SERVICE } = process.env;
  createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'healthy', version: SLUICE_VERSION, service: SERVICE }));
  }).listen(Number(PORT), process.env.HOST ?? '127.0.0.1');
`;

export const VERSIONS = ['v1.0.0', 'v2.0.0'];

/** Stages of a second each, decided by probes alone: nobody uses this cloud. */
const quick: AppEdit = (app) => {
  delete app['database'];
  delete app['approval'];
  // There is no GitHub here that could have checked anything.
  delete app['checks'];
  delete app['repository'];
  app['images'] = { ...(app['images'] as object), build: 'the bench builds' };
  app['gate'] = { mode: 'health' };
  app['health'] = { interval: '1 second', timeout: '1 second', startDelay: '100 ms', retries: 10 };
  app['smoke'] = { tests: [{ name: 'gateway', path: '/api/health' }] };
  app['stages'] = [{ name: 'full', traffic: '100 %', bake: '1 second' }];
};

export interface EngineWorld {
  readonly directory: string;
  readonly sandbox: Sandbox;
  session(engine: 'real' | 'embedded'): Promise<Session>;
  close(): Promise<void>;
}

const configOf = (app: Record<string, unknown>): StackConfig => {
  const values = { ...readConfig(), 'sluice:app': JSON.stringify(app) };
  const folder = process.cwd();
  return { project: 'sluice', stack: STACK, values, app: parseApp(app, { stack: STACK }), file: '', folder };
};

const fileOf = (directory: string): string => join(directory, 'app.json');

/** A session of a world that exists, also from another process. */
export const openWorldSession = (
  directory: string,
  sandbox: Sandbox,
  realEngine: boolean,
): Promise<Session> => {
  const app = JSON.parse(readFileSync(fileOf(directory), 'utf8')) as Record<string, unknown>;
  return openSession({
    config: configOf(app),
    surroundings: inSandbox({ sandbox, application: join(directory, 'application'), realEngine }),
    directory,
  });
};

export const connectWorld = (directory: string): Promise<Sandbox> => connectSandbox(join(directory, 'cloud'));

const publish = async (sandbox: Sandbox, services: readonly string[], directory: string): Promise<void> => {
  for (const tag of VERSIONS)
    for (const service of services)
      await sandbox.call('POST', '/registry/publish', {
        repository: `docker.io/azora/${service}`,
        tag,
        directory,
        environment: { SERVICE: service, SLUICE_VERSION: tag },
      });
};

/** Attaches the real engine of this process, and of those that it starts, to the cloud. */
const attach = (directory: string, port: number): void => {
  for (const folder of ['backend', 'home']) mkdirSync(join(directory, folder), { recursive: true });
  Object.assign(process.env, {
    PULUMI_BACKEND_URL: `file://${join(directory, 'backend')}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE: 'bench',
    PULUMI_HOME: join(directory, 'home'),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    PULUMI_DEBUG_PROVIDERS: ['aws', 'github', 'docker', 'command'].map((p) => `${p}:${port}`).join(','),
  });
};

export const openEngineWorld = async (edit: AppEdit = () => undefined): Promise<EngineWorld> => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const application = join(directory, 'application');
  mkdirSync(application);
  writeFileSync(join(application, 'main.js'), SERVER);
  const versions = Object.fromEntries(VERSIONS.map((version) => [version, {}]));
  writeFileSync(join(application, 'versions.json'), JSON.stringify({ services: [], versions, faults: {} }));
  const app = JSON.parse(readConfig()['sluice:app'] ?? '{}') as Record<string, unknown>;
  quick(app);
  edit(app);
  writeFileSync(fileOf(directory), JSON.stringify(app));
  const config = configOf(app);
  const sandbox = await startSandbox({
    directory: join(directory, 'cloud'),
    cwd: directory,
    postgres: false,
    region: 'eu-west-1',
  });
  const close = async (): Promise<void> => {
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const name of new Set(Object.values(config.app.secrets)))
      await sandboxSecrets(sandbox).put(name, `value of ${name}`);
    await publish(sandbox, Object.keys(config.app.services), application);
    attach(directory, await startGrpc(sandbox));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    directory,
    sandbox,
    session: (engine) => openWorldSession(directory, sandbox, engine === 'real'),
    close,
  };
};

/** What a person would have asked for. */
export const requestOf = (session: Session, version: string): Request => {
  const { app } = session.config;
  const commit = version.replaceAll(/\D/g, '').padEnd(40, 'a');
  return {
    application: app.application,
    environment: app.environment,
    deployment: deploymentId(session.clock.now(), commit),
    version,
    commit,
    ref: `refs/tags/${version}`,
    by: 'bench',
    reason: 'bench',
    where: 'bench',
  };
};

/** The first version of a stack in one update, as the first `pulumi up` brings it in. */
export const beginWith = async (session: Session, version: string): Promise<UpdateResult> => {
  const nothing = { url: '', routing: { services: {} }, buckets: { backup: '', record: '', lease: '' } };
  const run = session.run({ release: undefined, ...nothing }, 'bench');
  const { deployment } = requestOf(session, version);
  const { slot } = await frozenNow(run, undefined, version, deployment);
  return session.stack.up(wholeRelease(undefined, slot, undefined), { onEvent: () => undefined });
};

/** A whole release; throws when it does not end well. */
export const releaseOf = async (
  session: Session,
  version: string,
  change: Partial<RunOptions> = {},
): Promise<Outcome> => {
  const request = requestOf(session, version);
  const run = session.run(await session.ensure(), request.deployment);
  const outcome = await runRelease({ ...run, operator: createOperator(), pollMs: 200, ...change }, request);
  if (outcome.exit !== 0) throw new Error(`${version} ended as ${outcome.result}: ${outcome.why}`);
  return outcome;
};
