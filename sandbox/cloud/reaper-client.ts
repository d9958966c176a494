import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Announces what must not outlive the daemon. Announcing is cheap: one line on a pipe. */
export interface Reaper {
  /**
   * `pid` is ended when the daemon is gone. `group`: its whole process group (it was started `detached`).
   * `signal`: SIGKILL unless said otherwise; three seconds later SIGKILL in any case.
   */
  adopt(pid: number, how?: { group?: boolean; signal?: NodeJS.Signals }): void;
  /** The process has ended by itself. */
  release(pid: number): void;
  /** The folder is removed when the daemon is gone, after the processes. */
  removeLater(path: string): void;
  keep(path: string): void;
  /** Ends everything that is still announced, removes the folders, resolves when it is done. */
  close(): Promise<void>;
}

type Line = Record<string, unknown> & { key: string };

/** Starts the reaper (`label` shows in the process list); it is started again, and told everything again, should someone kill it. */
export const startReaper = (label: string): Reaper => {
  const known = new Map<string, Line>();
  let closing = false;
  let child: ChildProcess;
  const tell = (line: object): void => void child.stdin?.write(`${JSON.stringify(line)}\n`);
  const start = (): void => {
    const path = fileURLToPath(new URL('reaper.ts', import.meta.url));
    child = spawn(process.execPath, [path, label], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    child.stdin?.on('error', () => undefined);
    child.on('exit', () => {
      if (!closing) start();
    });
    for (const line of known.values()) tell(line);
  };
  start();
  const announce = (key: string, line: object): void => {
    known.set(key, { key, ...line });
    tell(line);
  };
  const withdraw = (key: string, line: object): void => {
    if (known.delete(key)) tell(line);
  };
  return {
    adopt: (pid, how = {}) =>
      announce(`pid ${pid}`, {
        op: 'adopt',
        pid,
        group: how.group ?? false,
        signal: how.signal ?? 'SIGKILL',
      }),
    release: (pid) => withdraw(`pid ${pid}`, { op: 'release', pid }),
    removeLater: (path) => announce(`path ${path}`, { op: 'remove', path }),
    keep: (path) => withdraw(`path ${path}`, { op: 'keep', path }),
    close: async () => {
      closing = true;
      const ended = once(child, 'exit');
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
};
