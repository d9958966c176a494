import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { refused } from '../../lib/errors.ts';

export interface CommandRun {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Every line of standard output and standard error, as it comes. */
  readonly onLine?: (line: string, from: 'out' | 'err') => void;
  /** Ends the command and everything it started. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a command may take to end by itself once it was told to. */
const GRACE_MS = 5_000;

/** Runs a command to its end, outputs by line. Throws where it cannot be started, or when the signal says stop. */
export const runCommand = async (run: CommandRun): Promise<{ exitCode: number }> => {
  run.signal?.throwIfAborted();
  const child = spawn(run.file, [...run.arguments], {
    cwd: run.directory,
    env: { ...process.env, ...run.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that stopping reaches what a shell has started.
    detached: true,
  });
  const tell = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has ended already.
    }
  };
  let hurry: NodeJS.Timeout | undefined;
  const stop = (): void => {
    tell('SIGTERM');
    hurry = setTimeout(() => tell('SIGKILL'), GRACE_MS);
  };
  run.signal?.addEventListener('abort', stop, { once: true });
  const read = (input: NodeJS.ReadableStream, from: 'out' | 'err'): void => {
    createInterface({ input, crlfDelay: Infinity }).on('line', (line) => run.onLine?.(line, from));
  };
  read(child.stdout, 'out');
  read(child.stderr, 'err');
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          refused(`${run.file} cannot be started: ${error.message}`, `is ${run.file} on the PATH?`, error),
        ),
      );
      // `close`, not `exit`: the last lines of output come after the exit.
      child.once('close', (code) => resolve(code ?? 137));
    });
    run.signal?.throwIfAborted();
    return { exitCode };
  } finally {
    clearTimeout(hurry);
    run.signal?.removeEventListener('abort', stop);
  }
};
