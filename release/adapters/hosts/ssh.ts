import ssh2, { type ConnectConfig } from 'ssh2';
import { EXIT, ExpectedError } from '../../../lib/errors.ts';

/** How a machine is reached; its key is known, or nothing is said to it. */
export interface SshConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key, OpenSSH or PEM. */
  readonly privateKey: string;
  /** The server's public key, e.g. `ssh-ed25519 AAAA…`; undefined: any is taken. */
  readonly hostKey: string | undefined;
  /** For connecting alone. */
  readonly timeoutMs: number;
}

export interface SshRun {
  readonly command: string;
  readonly stdin?: string;
  readonly onOutput?: (from: 'stdout' | 'stderr', text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface SshResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const KEPT = 1_048_576;

const at = ({ user, host, port }: SshConnection): string => `${user}@${host}${port === 22 ? '' : `:${port}`}`;

const cannot = (connection: SshConnection, why: string, hint: string, cause?: unknown): ExpectedError =>
  new ExpectedError(`${at(connection)} cannot be reached over SSH: ${why}`, {
    exit: EXIT.refused,
    hint,
    cause,
  });

/** What ssh2 says, in words that name what to do. */
const explained = (
  connection: SshConnection,
  error: Error & { code?: string; level?: string },
): ExpectedError => {
  const { host, port } = connection;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return cannot(
      connection,
      `no host is named ${host}`,
      'see `address` in sluice:app.hosts.machines',
      error,
    );
  if (error.code === 'ECONNREFUSED')
    return cannot(
      connection,
      `nothing listens on port ${port}`,
      'does sshd run there, and is the port right?',
      error,
    );
  if (error.level === 'client-authentication')
    return cannot(
      connection,
      'the key was refused',
      `is its public half in ~${connection.user}/.ssh/authorized_keys there?`,
      error,
    );
  if (error.message.includes('Host denied'))
    return cannot(
      connection,
      'the host shows another key than the one configured',
      'it was set up anew, or it is somebody else: compare with `ssh-keyscan`, then set `hostKey`',
      error,
    );
  if (error.level === 'client-timeout')
    return cannot(
      connection,
      `no answer within ${connection.timeoutMs / 1000} s`,
      'is it up, and does a firewall let SSH through?',
      error,
    );
  if (/parse|privateKey|Encrypted/i.test(error.message))
    return cannot(
      connection,
      'the private key cannot be read',
      'it must be a whole key in OpenSSH format, without a passphrase',
      error,
    );
  return cannot(connection, error.message, 'try `ssh` by hand', error);
};

const configOf = (connection: SshConnection): ConnectConfig => {
  const wanted = connection.hostKey?.split(/\s+/).find((word) => word.startsWith('AAAA'));
  const [algorithm] = connection.hostKey?.split(/\s+/) ?? [];
  return {
    host: connection.host,
    port: connection.port,
    username: connection.user,
    privateKey: connection.privateKey,
    readyTimeout: connection.timeoutMs,
    // A connection that is gone is noticed, and work on the host goes back.
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    ...(wanted === undefined
      ? {}
      : {
          hostVerifier: (key: Buffer) => key.toString('base64') === wanted,
          ...(algorithm === 'ssh-rsa' ? {} : { algorithms: { serverHostKey: [algorithm as 'ssh-ed25519'] } }),
        }),
  };
};

/**
 * Runs one command and resolves to its exit code and output. Throws `ExpectedError` (exit 3) when the machine cannot be
 * reached, (exit 5) when the connection is lost while the command runs.
 */
export const overSsh = (
  connection: SshConnection,
  { command, stdin = '', onOutput, signal }: SshRun,
): Promise<SshResult> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const client = new ssh2.Client();
    let running = false;
    let result: SshResult | undefined;
    const output = { stdout: '', stderr: '' };
    const onAbort = (): void => {
      client.destroy();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const lost = (why: string): ExpectedError =>
      new ExpectedError(`the connection to ${at(connection)} was lost while a command ran: ${why}`, {
        exit: EXIT.personNeeded,
        hint: 'the host goes back to the release before by itself; run the command again when it can be reached',
      });
    const take = (from: 'stdout' | 'stderr') => (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      if (output[from].length < KEPT) output[from] += text;
      onOutput?.(from, text);
    };
    // A handshake is a dozen small messages: each would wait for the acknowledgement of the one before.
    client.on('connect', () => client.setNoDelay(true));
    client.on('ready', () => {
      client.exec(command, (error, channel) => {
        if (error !== undefined) {
          client.end();
          return reject(explained(connection, error));
        }
        running = true;
        channel.on('data', take('stdout'));
        channel.stderr.on('data', take('stderr'));
        channel.on('exit', (code: number | null) => {
          result = { code: code ?? 137, ...output };
        });
        channel.on('close', () => {
          client.end();
          if (result === undefined) reject(lost('it was closed'));
          else resolve({ ...result, ...output });
        });
        channel.end(stdin);
        return undefined;
      });
    });
    client.on('error', (error: Error) =>
      reject(running ? lost(error.message) : explained(connection, error)),
    );
    client.on('close', () => {
      signal?.removeEventListener('abort', onAbort);
      if (result === undefined)
        reject(running ? lost('it was closed') : cannot(connection, 'it hung up', 'is it starting up?'));
    });
    try {
      client.connect(configOf(connection));
    } catch (error) {
      reject(explained(connection, error as Error));
    }
  });
