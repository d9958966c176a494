import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const GRACE_MS = 5_000;

/**
 * Runs a shell command to its end and hands out its output by line. An abort ends the command with everything it has
 * started, first politely, after five seconds for good; it then rejects with the signal's reason.
 */
export const runCommand = async (
  command: string,
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly onLine: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<number> => {
  options.signal.throwIfAborted();
  // In a group of its own, so that all of it can be ended.
  const child = spawn('sh', ['-c', command], {
    cwd: options.cwd,
    env: { ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has ended already.
    }
  };
  const atExit = (): void => kill('SIGKILL');
  process.once('exit', atExit);
  let insist: NodeJS.Timeout | undefined;
  const abort = (): void => {
    kill('SIGTERM');
    insist = setTimeout(() => kill('SIGKILL'), GRACE_MS);
  };
  options.signal.addEventListener('abort', abort);
  try {
    const read = [child.stdout, child.stderr].map((stream) => readLines(stream, options.onLine));
    const [code] = (await once(child, 'close')) as [number | null];
    await Promise.all(read);
    options.signal.throwIfAborted();
    // Ended by a signal that nobody here sent.
    return code ?? 255;
  } finally {
    clearTimeout(insist);
    process.removeListener('exit', atExit);
    options.signal.removeEventListener('abort', abort);
  }
};

const readLines = async (stream: Readable, onLine: (line: string) => void): Promise<void> => {
  for await (const line of createInterface({ input: stream })) onLine(line);
};
