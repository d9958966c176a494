import { connect } from 'node:net';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TaskProcess } from '../tasks/process.ts';
import type { Reaper } from '../reaper-client.ts';
import type { ContainerSpec } from './compose-file.ts';

/** What runs for an image. `main` is started with node unless the service has a command; without it nothing runs. */
export interface Program {
  readonly directory: string;
  readonly main: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ContainerParts {
  readonly reaper: Reaper;
  readonly log: string;
  readonly program: Program;
  /** Ports inside → ports of this machine; and `name:port` of the others. */
  readonly ports: {
    readonly own: Readonly<Record<string, number>>;
    readonly others: Readonly<Record<string, number>>;
  };
}

export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

const INSIDE = new URL('inside.mjs', import.meta.url).href;
const RESTART_MS = [100, 200, 400, 800, 1_600, 3_200];

const age = (since: number): string => `${Math.max(1, Math.round((Date.now() - since) / 1_000))} seconds`;

/** One container: a process of its own, its health checks, and its restarts. */
export class Container {
  readonly spec: ContainerSpec;
  readonly id: string;
  health: Health;
  readonly #parts: ContainerParts;
  readonly #stopped = new AbortController();
  #process: TaskProcess | undefined;
  #startedAt = Date.now();
  #restarts = 0;
  #exit: string | undefined;

  constructor(spec: ContainerSpec, id: string, parts: ContainerParts) {
    this.spec = spec;
    this.id = id;
    this.#parts = parts;
    this.health = spec.health === undefined ? 'none' : 'starting';
  }

  /** As `docker ps` shows it. */
  get status(): string {
    if (this.#stopped.signal.aborted) return 'Exited (0) 1 second ago';
    if (this.#exit !== undefined) return `Restarting (${this.#exit}) 1 second ago`;
    const health =
      this.health === 'none' ? '' : ` (${this.health === 'starting' ? 'health: starting' : this.health})`;
    return `Up ${age(this.#startedAt)}${health}`;
  }

  get running(): boolean {
    return this.status.startsWith('Up');
  }

  get log(): string {
    return this.#parts.log;
  }

  /** The environment that its processes get. */
  environment(): Record<string, string> {
    const { program, ports } = this.#parts;
    return {
      HOME: program.directory,
      ...program.environment,
      ...this.spec.environment,
      SANDBOX_PORTS: JSON.stringify(ports),
      NODE_OPTIONS: `--import=${INSIDE}`,
    };
  }

  start(): void {
    this.#run();
    if (this.spec.health !== undefined) void this.#watch();
  }

  #run(): void {
    const { program, reaper, log } = this.#parts;
    this.#startedAt = Date.now();
    this.#exit = undefined;
    const command = this.spec.command ?? program.main;
    if (command === undefined || program.main === undefined) return;
    const { directory } = program;
    const image = { repository: this.spec.image, digest: '', directory, environment: {} };
    const started = new TaskProcess({ image, command, environment: this.environment() }, {}, log, reaper);
    this.#process = started;
    void started.exited.then(async () => {
      if (this.#stopped.signal.aborted) return;
      this.#exit = String(started.exitCode ?? 137);
      this.health = this.spec.health === undefined ? 'none' : 'starting';
      await delay(RESTART_MS[Math.min(this.#restarts++, RESTART_MS.length - 1)] ?? 100, undefined, {
        signal: this.#stopped.signal,
      }).catch(() => undefined);
      if (!this.#stopped.signal.aborted) this.#run();
    });
  }

  async #watch(): Promise<void> {
    const { health } = this.spec;
    if (health === undefined) return;
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      // A young container is asked more often, as docker does with `start_interval`.
      const young = this.health === 'starting';
      await delay(young ? Math.min(250, health.intervalMs) : health.intervalMs, undefined, { signal }).catch(
        () => undefined,
      );
      if (signal.aborted) return;
      const well = this.#exit === undefined && (await this.#check(health.test, health.timeoutMs));
      if (well) {
        failures = 0;
        this.health = 'healthy';
      } else if (Date.now() - this.#startedAt > health.startPeriodMs || !young) {
        failures += 1;
        if (failures >= health.retries) this.health = 'unhealthy';
      }
    }
  }

  /** Runs a health check; the usual ones without a process for each. */
  #check(test: string, timeoutMs: number): Promise<boolean> {
    const own = (port: number): number => this.#parts.ports.own[String(port)] ?? port;
    const web = /(?:curl|wget) .*?https?:\/\/(?:127\.0\.0\.1|localhost):(\d+)(\/\S*)?/.exec(test);
    if (web !== null) return answers(own(Number(web[1])), web[2] ?? '/', timeoutMs);
    if (/^pg_isready\b/.test(test)) return accepts(own(5432), timeoutMs);
    if (/^redis-cli\b/.test(test)) return accepts(own(6379), timeoutMs);
    return this.exec(['/bin/sh', '-c', test], () => undefined).then((code) => code === 0);
  }

  /** Runs a command inside; resolves to its exit code. */
  exec(command: readonly string[], onOutput: (from: 'out' | 'err', text: string) => void): Promise<number> {
    const [file = 'sh', ...args] = command;
    const child = spawn(file, args, {
      cwd: this.#parts.program.directory,
      env: {
        PATH: `${fileURLToPath(new URL('.', `file://${process.execPath}`))}:${process.env['PATH'] ?? ''}`,
        ...this.environment(),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) this.#parts.reaper.adopt(pid, { group: true });
    child.stdout.on('data', (chunk: Buffer) => onOutput('out', chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => onOutput('err', chunk.toString('utf8')));
    return new Promise((resolve) => {
      child.on('error', (error) => {
        onOutput('err', `OCI runtime exec failed: ${error.message}\n`);
        resolve(126);
      });
      child.on('close', (code) => {
        if (pid !== undefined) this.#parts.reaper.release(pid);
        resolve(code ?? 137);
      });
    });
  }

  /** SIGTERM, then after the grace period SIGKILL. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const running = this.#process;
    if (running === undefined) return;
    const hurry = setTimeout(() => running.kill(), this.spec.graceMs);
    await running.stop();
    clearTimeout(hurry);
  }
}

const answers = (port: number, path: string, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, timeout: timeoutMs }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 400);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });

const accepts = (port: number, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs });
    const end = (well: boolean) => (): void => {
      socket.destroy();
      resolve(well);
    };
    socket.on('connect', end(true)).on('timeout', end(false)).on('error', end(false));
  });
