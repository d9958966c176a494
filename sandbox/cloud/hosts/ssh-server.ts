import { spawn } from 'node:child_process';
import { timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import type { Reaper } from '../reaper-client.ts';

export interface SshOptions {
  /** The server's own private key, OpenSSH format. */
  readonly hostKey: string;
  /** Public key that may enter, OpenSSH format. */
  readonly authorized: string;
  readonly user: string;
  /** Where commands run, and what they find. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly reaper: Reaper;
}

export interface SshServer {
  readonly port: number;
  /** Drops every open connection, as a broken network does; `refuse`: new ones too, until it is false again. */
  cut(refuse: boolean): void;
  close(): Promise<void>;
}

const parsed = (key: string): ParsedKey => {
  const result = ssh2.utils.parseKey(key);
  if (result instanceof Error) throw result;
  return Array.isArray(result) ? (result[0] as ParsedKey) : result;
};

const isAllowed = (context: PublicKeyAuthContext, allowed: ParsedKey): boolean => {
  const wanted = allowed.getPublicSSH();
  const given = context.key.data;
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  const verified: unknown = allowed.verify(context.blob, context.signature, context.hashAlgo);
  return verified === true;
};

/** An SSH server on loopback: one user, one key, `exec` alone. Commands are real processes. */
export const startSshServer = async (options: SshOptions): Promise<SshServer> => {
  const allowed = parsed(options.authorized);
  const open = new Set<Connection>();
  let refusing = false;
  const sockets = new Set<Socket>();
  const onConnection = (client: Connection): void => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => undefined);
    client.on('authentication', (context: AuthContext) => {
      if (context.method === 'publickey' && context.username === options.user && isAllowed(context, allowed))
        return context.accept();
      context.reject(['publickey']);
    });
    client.on('ready', () => {
      client.on('session', (accept) => {
        const session = accept();
        session.on('exec', (acceptExec, _reject, { command }) => run(command, acceptExec(), options));
      });
    });
  };
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, onConnection);
  // Its own listener can be cut without the library's farewell.
  const front = createServer({ noDelay: true }, (socket) => {
    if (refusing) return socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    server.injectSocket(socket);
    return undefined;
  });
  await new Promise<void>((resolve) => {
    front.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (front.address() as AddressInfo).port,
    cut: (refuse) => {
      refusing = refuse;
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const client of open) client.end();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        front.close(() => resolve());
      });
    },
  };
};

/** As sshd does: when the connection is lost the pipes are closed, and the command lives on until it writes. */
const run = (
  command: string,
  channel: ssh2.ServerChannel,
  { home, environment, reaper }: SshOptions,
): void => {
  const child = spawn('/bin/sh', ['-c', command], { cwd: home, env: { ...environment }, detached: true });
  const { pid } = child;
  if (pid !== undefined) reaper.adopt(pid, { group: true });
  channel.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.stdout.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on('close', () => {
    child.stdout.destroy();
    child.stderr.destroy();
  });
  child.on('error', () => channel.exit(127));
  child.on('close', (code, signal) => {
    if (pid !== undefined) reaper.release(pid);
    if (channel.destroyed) return;
    channel.exit(code ?? (signal === 'SIGKILL' ? 137 : 1));
    channel.end();
  });
};
