import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reaper } from '../reaper-client.ts';

export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  /** When Lambda ends it, ms since 1970. */
  readonly deadline: number;
}

/** What an environment says of an invocation: `body` is JSON, of the result or of the error. */
export interface Answer {
  readonly id: string;
  readonly ok: boolean;
  readonly body: string;
}

/** What an environment is started with. */
export interface Code {
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly memory: number;
  /** Longest run, ms. */
  readonly timeout: number;
  /** File for what the function writes. */
  readonly log: string;
}

const failure = (id: string, errorType: string, errorMessage: string): Answer => ({
  id,
  ok: false,
  body: JSON.stringify({ errorType, errorMessage }),
});

/** One process with a function loaded in it. Answers one invocation at a time, as Lambda's environments do. */
export class Environment {
  readonly #code: Code;
  readonly #child: ChildProcess;
  readonly exited: Promise<void>;
  ended = false;

  constructor(code: Code, reaper: Reaper) {
    this.#code = code;
    mkdirSync(dirname(code.log), { recursive: true });
    const output = openSync(code.log, 'a');
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${code.memory}`, fileURLToPath(new URL('bootstrap.ts', import.meta.url))],
      {
        cwd: code.folder,
        env: { ...code.variables, PATH: dirname(process.execPath) },
        stdio: ['ignore', output, output, 'ipc'],
        detached: true,
      },
    );
    closeSync(output);
    const { pid } = this.#child;
    if (pid !== undefined) reaper.adopt(pid, { group: true });
    this.exited = new Promise((resolve) => {
      const end = (): void => {
        if (this.ended) return;
        this.ended = true;
        if (pid !== undefined) reaper.release(pid);
        resolve();
      };
      this.#child.once('error', end);
      this.#child.once('exit', end);
    });
  }

  /** Never rejects: a function that ends its process, or runs too long, has failed. */
  async invoke(requestId: string, event: unknown): Promise<Answer> {
    const { timeout } = this.#code;
    const seconds = (timeout / 1000).toFixed(2);
    let timer: NodeJS.Timeout | undefined;
    let hear: ((said: Answer) => void) | undefined;
    const answered = new Promise<Answer>((resolve) => {
      hear = (said) => {
        if (said.id === requestId) resolve(said);
      };
      this.#child.on('message', hear);
      timer = setTimeout(
        () => resolve(failure(requestId, 'Sandbox.Timedout', `Task timed out after ${seconds} seconds`)),
        timeout,
      );
      void this.exited.then(() =>
        resolve(failure(requestId, 'Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited`)),
      );
    });
    const invocation: Invocation = { requestId, event, deadline: Date.now() + timeout };
    if (!this.ended) this.#child.send(invocation, () => undefined);
    const answer = await answered;
    clearTimeout(timer);
    if (hear !== undefined) this.#child.off('message', hear);
    // What it was doing goes on otherwise: Lambda starts a new environment, too.
    if (!answer.ok && answer.body.includes('Sandbox.Timedout')) this.end();
    return answer;
  }

  end(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.ended) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
}
