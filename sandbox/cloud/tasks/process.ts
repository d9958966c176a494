import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Reaper } from '../reaper-client.ts';
import type { Launch } from './container.ts';

/** The last lines of a log, for people. */
export const tailOf = (path: string, lines = 8): string => {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
};

const STOP_MS = 5_000;

/** One running container: a process of its own group, with its log in a file. */
export class TaskProcess {
  readonly log: string;
  readonly startedAt = Date.now();
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  #ended = false;

  constructor(launch: Launch, environment: Readonly<Record<string, string>>, log: string, reaper: Reaper) {
    this.log = log;
    mkdirSync(dirname(log), { recursive: true });
    const output = openSync(log, 'a');
    const { directory } = launch.image;
    const [name = 'node', ...args] = launch.command;
    const path = [
      dirname(process.execPath),
      join(directory, 'node_modules', '.bin'),
      process.env['PATH'] ?? '',
    ].join(delimiter);
    this.#child = spawn(name === 'node' ? process.execPath : name, args, {
      cwd: directory,
      env: { ...launch.environment, ...environment, PATH: path },
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
    const { pid } = this.#child;
    if (pid !== undefined) reaper.adopt(pid, { group: true });
    this.exited = new Promise((resolve) => {
      const end = (how: string): void => {
        if (this.#ended) return;
        this.#ended = true;
        if (pid !== undefined) reaper.release(pid);
        resolve(how);
      };
      this.#child.on('error', (error) => end(`did not start: ${error.message}`));
      this.#child.on('exit', (code, signal) =>
        end(signal === null ? `exit code ${String(code)}` : `killed by ${signal}`),
      );
    });
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }
  get pid(): number | undefined {
    return this.#child.pid;
  }
  get running(): boolean {
    return !this.#ended;
  }

  /** SIGTERM, then after five seconds SIGKILL to the whole group. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#child.kill('SIGTERM');
    const hurry = setTimeout(() => this.kill(), STOP_MS);
    await this.exited;
    clearTimeout(hurry);
  }

  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#ended) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
}
