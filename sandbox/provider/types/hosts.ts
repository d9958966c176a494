import { overSsh, type SshConnection } from '../../../release/adapters/hosts/ssh.ts';
import type { Props } from '../contract.ts';
import { NO_ACTIONS, type Call, type Handler } from '../handler.ts';
import { object, text } from '../values.ts';

const LAST_LINES = 12;

const connectionOf = (inputs: Props): SshConnection => {
  const given = object(inputs, 'connection') ?? {};
  const number = (key: string, otherwise: number): number => {
    const value = given[key];
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    host: text(given, 'host') ?? '',
    port: number('port', 22),
    user: text(given, 'user') ?? 'root',
    privateKey: text(given, 'privateKey') ?? '',
    hostKey: text(given, 'hostKey'),
    timeoutMs: number('perDialTimeout', 15) * 1_000,
  };
};

const run = async (
  command: string,
  inputs: Props,
  call: Call,
  log: (line: string) => void,
): Promise<{ stdout: string; stderr: string }> => {
  const logging = text(inputs, 'logging') ?? 'stdoutAndStderr';
  const limit = call.timeout > 0 ? [AbortSignal.timeout(call.timeout * 1_000)] : [];
  const signal = AbortSignal.any([...limit, ...(call.signal === undefined ? [] : [call.signal])]);
  const { code, stdout, stderr } = await overSsh(connectionOf(inputs), {
    command,
    stdin: text(inputs, 'stdin') ?? '',
    signal,
    onOutput: (from, chunk) => {
      if (logging !== from && logging !== 'stdoutAndStderr') return;
      for (const line of chunk.split('\n')) if (line.trim() !== '') log(`${call.name}: ${line.trim()}`);
    },
  });
  if (code === 0) return { stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
  const said = (stderr.trim() === '' ? stdout : stderr).trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  throw new Error(`${call.name}: ended with exit code ${code}\n${said}`.trimEnd());
};

/** `command:remote:Command`: really runs, over SSH. Changed `triggers` replace it. */
export const remoteCommand = (log: (line: string) => void, hex: (characters: number) => string): Handler => ({
  replaces: ['triggers'],
  actions: NO_ACTIONS,
  create: async (inputs, call) => {
    const command = text(inputs, 'create');
    const ran = command === undefined ? { stdout: '', stderr: '' } : await run(command, inputs, call, log);
    return { id: `${call.name}${hex(8)}`, outputs: { ...inputs, ...ran } };
  },
  update: async (news, call) => {
    const command = text(news, 'update') ?? text(news, 'create');
    if (command === undefined) return { ...news, stdout: '', stderr: '' };
    return { ...news, ...(await run(command, news, call, log)) };
  },
  delete: async (call) => {
    const command = text(call.outputs, 'delete');
    if (command !== undefined) await run(command, call.outputs, call, log);
  },
});
