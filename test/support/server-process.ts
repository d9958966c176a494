import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ServerProcess {
  /** What the pattern's first group caught. */
  readonly caught: string;
  stop(): Promise<void>;
}

/** Starts a server and resolves with what its output says when it is ready. It ends with `stop`. */
export const startServer = (file: string, words: readonly string[], ready: RegExp): Promise<ServerProcess> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, [...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    const lines: string[] = [];
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${file} was not ready within 60 s:\n${lines.slice(-10).join('\n')}`));
    }, 60_000);
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${file} ended with ${String(code)}:\n${lines.slice(-10).join('\n')}`)),
    );
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on('line', (line) => {
        if (lines.push(line) > 100) lines.shift();
        const found = ready.exec(line);
        if (found === null) return;
        clearTimeout(late);
        resolve({
          caught: found[1] ?? '',
          stop: async () => {
            child.kill('SIGTERM');
            const hurry = setTimeout(() => child.kill('SIGKILL'), 5_000);
            await ended;
            clearTimeout(hurry);
          },
        });
      });
  });
