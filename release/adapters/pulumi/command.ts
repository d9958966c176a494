import { spawn } from 'node:child_process';
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { messageOf, refused } from '../../../lib/errors.ts';

/** How one `pulumi` command ended. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A `pulumi` command that ended with something else than 0; its own words are the message. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code: number;
  constructor(args: readonly string[], { stdout, stderr, code }: Ran) {
    const said = stderr.trim() === '' ? stdout.trim() : stderr.trim();
    super(`pulumi ${args.slice(0, 2).join(' ')} ended with ${code}: ${said}`);
    this.code = code;
  }
}

type Run = (
  args: string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
  onOutput?: (text: string) => void,
  onError?: (text: string) => void,
  signal?: AbortSignal,
  input?: string,
) => Promise<Ran>;

/**
 * One command in a session of its own. Ctrl-C in a terminal reaches every process of the foreground group: a
 * `pulumi` that gets it there and from us would take the second one as "at once" and leave operations pending.
 */
const start = (command: string): Run =>
  async function run(args, cwd, environment, onOutput, onError, signal, input) {
    signal?.throwIfAborted();
    const child = spawn(command, [...args, '--non-interactive'], {
      cwd,
      env: { ...process.env, ...environment, PULUMI_AUTOMATION_API: 'true' },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // It may end before it has read everything.
    child.stdin.on('error', () => undefined).end(input);
    const text = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text.stdout += chunk;
      onOutput?.(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text.stderr += chunk;
      onError?.(chunk);
    });
    const interrupt = (): void => {
      child.kill('SIGINT');
    };
    signal?.addEventListener('abort', interrupt, { once: true });
    try {
      const code = await new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (status, by) => {
          if (by !== null) text.stderr += `\nended by ${by}`;
          resolve(status ?? -1);
        });
      });
      const ran = { ...text, code };
      if (code !== 0) throw new CommandFailed(args, ran);
      return ran;
    } finally {
      signal?.removeEventListener('abort', interrupt);
    }
  };

/** What the rest of the adapter asks of the CLI, beside what the Automation API does with it. */
export interface Cli {
  /** For the Automation API. */
  readonly command: PulumiCommand;
  /** `input`: what it reads from standard input. */
  run(args: readonly string[], input?: string): Promise<Ran>;
}

/**
 * What the Automation API asks beside the work itself, and what it is told instead. Selecting a stack would note
 * this folder in the user's Pulumi home (every command names its stack); after each update it asks for outputs,
 * twice, and history, once, which this adapter reads off the checkpoint: 0.2 s a command.
 */
const ANSWERED: readonly (readonly [string, string])[] = [
  ['stack select', ''],
  ['stack output', '{}'],
  ['stack history', '[]'],
];

/** Finds `pulumi` on the PATH. Throws (exit 3) when it is not there or too old. */
export const openCli = async (
  workDir: string,
  environment: Readonly<Record<string, string>>,
): Promise<Cli> => {
  let command: PulumiCommand;
  try {
    command = await PulumiCommand.get();
  } catch (error) {
    throw refused(
      `no usable \`pulumi\` on the PATH: ${messageOf(error).split('\n')[0]?.slice(0, 200) ?? ''}`,
      'install the Pulumi CLI (https://www.pulumi.com/docs/install), or unset PULUMI_BACKEND_URL for the embedded engine',
      error,
    );
  }
  const run = start(command.command);
  const forAutomation: Run = (args, ...rest) => {
    const answer = ANSWERED.find(([command]) => command === args.slice(0, 2).join(' '));
    return answer === undefined
      ? run(args, ...rest)
      : Promise.resolve({ stdout: answer[1], stderr: '', code: 0 });
  };
  return {
    command: Object.assign(command, { run: forAutomation }),
    run: (args, input) => run([...args], workDir, environment, undefined, undefined, undefined, input),
  };
};
