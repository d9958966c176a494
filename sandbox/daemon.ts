/**
 * The sandbox cloud as a process of its own, so that users' traffic is never disturbed by the process that releases.
 *
 *     node sandbox/daemon.ts --directory DIR [--owner] [--options JSON]
 *
 * Prints one JSON line when it is ready, and the same into DIR/daemon.json (readable by its user alone).
 * With `--owner` it ends when its standard input does: then it belongs to the process that started it.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { addressOf, closeServer, serve } from './cloud/balancer/listener.ts';
import { startCloud, type Cloud } from './cloud/cloud.ts';
import { controlHandler } from './cloud/control.ts';
import { githubRoutes } from './cloud/github/control.ts';
import { startGithub, type LocalGithub } from './cloud/github/server.ts';
import { DEFAULT_OPTIONS, type CloudOptions } from './cloud/options.ts';
import { startReaper } from './cloud/reaper-client.ts';
import { routesOf } from './cloud/routes.ts';

/** The line that says the daemon is ready. */
export interface Ready {
  readonly ready: true;
  readonly pid: number;
  /** Control API. */
  readonly url: string;
  readonly token: string;
  readonly directory: string;
  readonly region: string;
  readonly s3: string;
  /** Lambda's API. */
  readonly lambda: string;
  /** URL of the database `postgres`; undefined without PostgreSQL. */
  readonly postgres?: string;
  /** The local GitHub: its API and a token that may do everything. */
  readonly github: { readonly url: string; readonly token: string };
  readonly startedMs: number;
}

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    owner: { type: 'boolean', default: false },
    options: { type: 'string', default: '{}' },
  },
});
if (values.directory === undefined) throw new Error('--directory is missing');
const directory = resolve(values.directory);
const options: CloudOptions = {
  ...DEFAULT_OPTIONS,
  cwd: process.cwd(),
  ...(JSON.parse(values.options) as Partial<CloudOptions>),
  directory,
};
mkdirSync(directory, { recursive: true });
const log = (line: string): void =>
  appendFileSync(join(directory, 'daemon.log'), `${new Date().toISOString()} ${line}\n`);

const reaper = startReaper(directory);
if (options.temporary) reaper.removeLater(directory);
const token = randomBytes(24).toString('base64url');
let url = '';
let cloud: Cloud | undefined;
let github: LocalGithub | undefined;
let stopping = false;

const stop = async (code: number): Promise<void> => {
  if (stopping) return;
  stopping = true;
  // Whatever hangs below, the reaper ends it.
  const hurry = setTimeout(() => process.exit(code), 10_000);
  rmSync(join(directory, 'daemon.json'), { force: true });
  try {
    await cloud?.close();
    await github?.close();
    await closeServer(server);
    await reaper.close();
  } catch (error) {
    log(`while stopping: ${String(error)}`);
  }
  clearTimeout(hurry);
  process.exit(code);
};

if (values.owner) {
  process.stdin.on('end', () => void stop(0));
  process.stdin.on('error', () => void stop(0));
  process.stdin.resume();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
process.on('unhandledRejection', (reason) => log(`unhandled: ${String(reason)}`));
process.on('uncaughtException', (error) => {
  log(`bug: ${error.stack ?? error.message}`);
  void stop(1);
});

let handle: ReturnType<typeof controlHandler> = (_, response) => response.writeHead(503).end();
const server = await serve((request, response) => handle(request, response));
url = `http://${addressOf(server)}`;
github = await startGithub(randomBytes(24).toString('base64url'));
cloud = await startCloud(options, reaper, { control: () => ({ url, token }), log });

const ready: Ready = {
  ready: true,
  pid: process.pid,
  url,
  token,
  directory,
  region: options.region,
  s3: cloud.s3.endpoint,
  lambda: cloud.lambda,
  ...(cloud.postgres === undefined ? {} : { postgres: cloud.postgres.url() }),
  github: { url: github.url, token: github.token },
  startedMs: Math.round(performance.now()),
};
const routes = [
  { at: 'GET /ready', handle: () => ready },
  ...githubRoutes(github),
  ...routesOf(cloud, () => void stop(0)),
];
handle = controlHandler(routes, token, log);
writeFileSync(join(directory, 'daemon.json'), `${JSON.stringify(ready)}\n`, { mode: 0o600 });
process.stdout.write(`${JSON.stringify(ready)}\n`);
