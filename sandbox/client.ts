import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { badInput, EXIT, ExpectedError, messageOf } from '../lib/errors.ts';
import { remoteProvider } from './provider/remote.ts';
import type { CloudOptions } from './cloud/options.ts';
import type { CloudStatus } from './cloud/status.ts';
import type { Provider } from './provider/contract.ts';
import type { Ready } from './daemon.ts';

/** A sandbox cloud that runs in another process. */
export interface Sandbox {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly directory: string;
  /** Endpoint of its S3. */
  readonly s3: string;
  /** Endpoint of its Lambda. */
  readonly lambda: string;
  /** Database URL of the database `postgres`; undefined without PostgreSQL. */
  readonly postgres: string | undefined;
  /** From process start to readiness. */
  readonly startedMs: number;
  readonly provider: Provider;
  status(): Promise<CloudStatus>;
  /** One call of the control API; rejects with the answer's `error`. Aborted, what it began is ended. */
  call<Result>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Result>;
  /** The local GitHub: address of its API, and a token that may do everything. */
  readonly github: { readonly url: string; readonly token: string };
  /** What a shell needs to reach it: S3 endpoint, keys, control URL and token, GitHub's API and a token. */
  environment(): Readonly<Record<string, string>>;
  /** Lets go of the connections. The daemon ends too if this process owns it. */
  close(): Promise<void>;
  /** Ends the daemon and everything it started, whoever owns it. */
  shutdown(): Promise<void>;
}

const START_MS = 30_000;

const failed = (message: string, hint?: string): ExpectedError =>
  new ExpectedError(message, { exit: EXIT.refused, hint });

const connect = (ready: Ready, end: () => Promise<void>): Sandbox => {
  const provider = remoteProvider(ready.url, ready.token);
  const pool = new Pool(ready.url, { connections: 8, headersTimeout: 0, bodyTimeout: 0 });
  const call: Sandbox['call'] = async (method, path, body, signal) => {
    const response = await pool.request({
      path,
      method,
      headers: { authorization: `Bearer ${ready.token}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    const answer = await response.body.json();
    if (response.statusCode === 200) return answer as never;
    const { error = `answered ${response.statusCode}` } = answer as { error?: string };
    throw failed(`sandbox: ${method} ${path}: ${error}`);
  };
  const close = async (): Promise<void> => {
    await Promise.all([provider.close(), pool.destroy()]);
    await end();
  };
  return {
    pid: ready.pid,
    url: ready.url,
    token: ready.token,
    directory: ready.directory,
    s3: ready.s3,
    lambda: ready.lambda,
    postgres: ready.postgres,
    github: ready.github,
    startedMs: ready.startedMs,
    provider,
    status: () => call('GET', '/status'),
    call,
    environment: () => ({
      AWS_ENDPOINT_URL_S3: ready.s3,
      AWS_ENDPOINT_URL_LAMBDA: ready.lambda,
      AWS_REGION: ready.region,
      AWS_ACCESS_KEY_ID: 'sandbox',
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      SLUICE_SANDBOX: ready.url,
      SLUICE_SANDBOX_TOKEN: ready.token,
      GITHUB_API_URL: ready.github.url,
      GITHUB_TOKEN: ready.github.token,
    }),
    close,
    shutdown: async () => {
      await call('POST', '/shutdown').catch(() => undefined);
      await gone(ready.pid);
      await close();
    },
  };
};

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const gone = async (pid: number): Promise<void> => {
  const deadline = Date.now() + 15_000;
  while (alive(pid) && Date.now() < deadline) await delay(20);
};

export interface StartOptions extends Partial<Omit<CloudOptions, 'directory'>> {
  readonly directory: string;
  /** It goes on after this process (`sluice sandbox up`). Otherwise it ends with this process, whatever ends that. */
  readonly detached?: boolean;
}

/** Starts a sandbox and resolves when all its parts are ready. Rejects with the end of its log when it does not start. */
export const startSandbox = async ({
  directory,
  detached = false,
  ...rest
}: StartOptions): Promise<Sandbox> => {
  const place = resolve(directory);
  const errors = openLog(place);
  await refuseSecond(place);
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('daemon.ts', import.meta.url)),
      '--directory',
      place,
      '--options',
      JSON.stringify(rest),
      ...(detached ? [] : ['--owner']),
    ],
    // A group of its own: Ctrl-C in the terminal ends the owner first, which then decides what happens to the traffic.
    { stdio: [detached ? 'ignore' : 'pipe', 'pipe', errors], detached: true },
  );
  closeSync(errors);
  const { stdout } = child;
  if (stdout === null) throw new Error('no pipe to the daemon');
  child.stdin?.on('error', () => undefined);
  const exited = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(failed(`the sandbox could not be started: ${error.message}`)));
    child.once('exit', (code) =>
      reject(failed(`the sandbox ended with ${String(code)} while starting:\n${logTail(place)}`)),
    );
  });
  exited.catch(() => undefined);
  const late = new AbortController();
  const tooLate = delay(START_MS, undefined, { signal: late.signal }).then(() => {
    child.kill('SIGKILL');
    throw failed(`the sandbox was not ready within ${START_MS / 1_000} s:\n${logTail(place)}`);
  });
  tooLate.catch(() => undefined);
  const ready = await Promise.race([readyLine(stdout), exited, tooLate]).finally(() => late.abort());
  // Neither the process nor its pipes keep this process alive.
  child.unref();
  stdout.destroy();
  const stdin = child.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null;
  stdin?.unref?.();
  return connect(ready, async () => {
    if (detached) return;
    stdin?.end();
    await gone(ready.pid);
  });
};

const openLog = (directory: string): number => {
  try {
    mkdirSync(directory, { recursive: true });
    return openSync(join(directory, 'daemon.log'), 'a');
  } catch (error) {
    throw badInput(`the sandbox cannot write into ${directory}`, [
      { path: 'directory', reason: messageOf(error), allowed: 'a folder that this user may write to' },
    ]);
  }
};

/** Two clouds over one folder would overwrite each other's data. */
const refuseSecond = async (directory: string): Promise<void> => {
  const file = join(directory, 'daemon.json');
  if (!existsSync(file)) return;
  const running = await connectSandbox(directory).catch(() => undefined);
  await running?.close();
  if (running !== undefined)
    throw failed(
      `a sandbox runs in ${directory} already (process ${running.pid})`,
      'use it, or end it with `sluice sandbox down`',
    );
};

const logTail = (directory: string): string => {
  try {
    return readFileSync(join(directory, 'daemon.log'), 'utf8').trimEnd().split('\n').slice(-15).join('\n');
  } catch {
    return '(no log)';
  }
};

const readyLine = (stdout: NodeJS.ReadableStream): Promise<Ready> =>
  new Promise((resolve) => {
    const lines = createInterface({ input: stdout });
    lines.once('line', (line) => {
      lines.close();
      resolve(JSON.parse(line) as Ready);
    });
  });

/** Connects to a running sandbox: by its directory, or by the URL and token in `SLUICE_SANDBOX` and `SLUICE_SANDBOX_TOKEN`. */
export const connectSandbox = async (
  where: string | { readonly url: string; readonly token: string },
): Promise<Sandbox> => {
  const hint = 'start one with `sluice sandbox up`';
  const ready = typeof where === 'string' ? readReady(where, hint) : undefined;
  const { url, token } = typeof where === 'string' ? (ready ?? { url: '', token: '' }) : where;
  try {
    const response = await fetch(`${url}/ready`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return connect((await response.json()) as Ready, () => Promise.resolve());
  } catch (error) {
    throw failed(`no sandbox answers at ${url}: ${messageOf(error)}`, hint);
  }
};

const readReady = (directory: string, hint: string): Ready => {
  try {
    return JSON.parse(readFileSync(join(resolve(directory), 'daemon.json'), 'utf8')) as Ready;
  } catch {
    throw failed(`no sandbox runs in ${directory}`, hint);
  }
};
