/** Runs a script of this folder as a process of its own and reads what it prints: one JSON object a line. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Flags of Node itself. */
  readonly flags?: readonly string[];
  /** Beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are an answer; default 0 alone. */
  readonly answers?: readonly number[];
}

/** Rejects when the script ends with any other code than an answer's; its error output is shown as it comes. */
export const runScript = (script: URL, options: ChildOptions = {}): Promise<unknown[]> => {
  const { args = [], flags = [], env = {}, answers = [0] } = options;
  const file = fileURLToPath(script);
  const child = spawn(process.execPath, [...flags, file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === null || !answers.includes(code))
        reject(new Error(`${file} ended with ${String(signal ?? code)}`));
      else resolve(text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown])));
    });
  });
};
