import { spawn } from 'node:child_process';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Reaper } from '../../cloud/reaper-client.ts';
import type { Props } from '../contract.ts';
import { NO_ACTIONS, type Call, type Handler } from '../handler.ts';
import { object, text, texts } from '../values.ts';

export interface CommandPlace {
  readonly cwd: string;
  readonly reaper: Reaper;
  /** Endpoints and credentials of this cloud. */
  environment(): Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

const KEPT_BYTES = 1_048_576;
const LAST_LINES = 12;

const tail = (output: string): string => output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');

const stringsOf = (props: Props | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(props ?? {}).map(([key, value]) => [key, String(value)]));

/** Collects output up to a limit and hands on whole lines. */
const collector = (onLine: (line: string) => void) => {
  let kept = '';
  let partial = '';
  return {
    push: (chunk: Buffer): void => {
      const added = chunk.toString('utf8');
      if (kept.length < KEPT_BYTES) kept += added;
      const lines = (partial + added).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    },
    text: () => kept.replace(/\n$/, ''),
  };
};

const run = async (
  command: string,
  inputs: Props,
  extra: Readonly<Record<string, string>>,
  place: CommandPlace,
  call: Call,
): Promise<Ran> => {
  call.signal?.throwIfAborted();
  const logging = text(inputs, 'logging') ?? 'stdoutAndStderr';
  const note = (stream: 'stdout' | 'stderr') => (line: string) => {
    if (logging === stream || logging === 'stdoutAndStderr') place.log(`${call.name}: ${line}`);
  };
  const [stdout, stderr] = [collector(note('stdout')), collector(note('stderr'))];
  const dir = text(inputs, 'dir') ?? '.';
  const [shell = '/bin/sh', ...flags] =
    texts(inputs, 'interpreter').length > 0 ? texts(inputs, 'interpreter') : ['/bin/sh', '-c'];
  const child = spawn(shell, [...flags, command], {
    cwd: isAbsolute(dir) ? dir : join(place.cwd, dir),
    env: {
      ...process.env,
      // `node` in a command is the Node that runs the sandbox.
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      ...place.environment(),
      ...stringsOf(object(inputs, 'environment')),
      ...extra,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) place.reaper.adopt(pid, { group: true });
  child.stdin.on('error', () => undefined);
  child.stdin.end(text(inputs, 'stdin') ?? '');
  child.stdout.on('data', stdout.push);
  child.stderr.on('data', stderr.push);
  const end = await ended(child, pid, call);
  if (pid !== undefined) place.reaper.release(pid);
  if (end === '') return { stdout: stdout.text(), stderr: stderr.text() };
  throw new Error(`${call.name}: ${end}\n${tail(`${stdout.text()}\n${stderr.text()}`)}`.trimEnd());
};

/** Resolves to '' after exit code 0, otherwise to what happened. Aborted or too late: the whole group is killed. */
const ended = async (
  child: ReturnType<typeof spawn>,
  pid: number | undefined,
  call: Call,
): Promise<string> => {
  let cause = '';
  const kill = (why: string): void => {
    cause = why;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  const onAbort = (): void => kill('was cancelled');
  call.signal?.addEventListener('abort', onAbort);
  const hurry =
    call.timeout > 0
      ? setTimeout(() => kill(`did not end within ${call.timeout} s`), call.timeout * 1_000)
      : undefined;
  try {
    return await new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(`did not start: ${error.message}`));
      child.on('close', (code, signal) => {
        if (cause !== '') resolve(cause);
        else
          resolve(
            code === 0
              ? ''
              : signal === null
                ? `ended with exit code ${String(code)}`
                : `was killed by ${signal}`,
          );
      });
    });
  } finally {
    clearTimeout(hurry);
    call.signal?.removeEventListener('abort', onAbort);
  }
};

const previous = (outputs: Props): Record<string, string> => ({
  PULUMI_COMMAND_STDOUT: text(outputs, 'stdout') ?? '',
  PULUMI_COMMAND_STDERR: text(outputs, 'stderr') ?? '',
});

/** `command:local:Command`: really runs, in the working folder that the cloud was given. Changed `triggers` replace it. */
export const localCommand = (place: CommandPlace, hex: (characters: number) => string): Handler => ({
  replaces: ['triggers'],
  actions: NO_ACTIONS,
  create: async (inputs, call) => {
    const command = text(inputs, 'create');
    const ran =
      command === undefined ? { stdout: '', stderr: '' } : await run(command, inputs, {}, place, call);
    return { id: `${call.name}${hex(8)}`, outputs: { ...inputs, ...ran } };
  },
  update: async (news, call) => {
    const command = text(news, 'update') ?? text(news, 'create');
    if (command === undefined) return { ...news, stdout: '', stderr: '' };
    return { ...news, ...(await run(command, news, previous(call.olds), place, call)) };
  },
  delete: async (call) => {
    const command = text(call.outputs, 'delete');
    if (command !== undefined) await run(command, call.outputs, previous(call.outputs), place, call);
  },
});
