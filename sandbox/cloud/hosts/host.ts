import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import { messageOf } from '../../../lib/errors.ts';
import type { Reaper } from '../reaper-client.ts';
import type { Registry } from '../registry.ts';
import { docker } from './docker.ts';
import { Engine } from './engine.ts';
import { Proxy } from './proxy.ts';
import { startSshServer, type SshServer } from './ssh-server.ts';
import { quoted } from '../../../lib/shell.ts';

export interface HostParts {
  readonly registry: Registry;
  readonly reaper: Reaper;
  readonly postgres: (() => string) | undefined;
  /** Folder of the host: its home, its logs. */
  readonly directory: string;
}

/** How a sandbox host is reached. */
export interface HostAddress {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly privateKey: string;
  /** Its home directory on this machine. */
  readonly home: string;
}

export type HostFault =
  | { readonly kind: 'diskFull'; readonly freeMiB: number }
  | { readonly kind: 'cut'; readonly refuse: boolean }
  | { readonly kind: 'brokenImage'; readonly image: string; readonly why: string }
  | { readonly kind: 'clear' };

const USER = 'deploy';

/** A machine with an SSH server, a docker, a web server and a home directory; everything of it is on loopback. */
export class Host {
  readonly engine: Engine;
  readonly address: HostAddress;
  readonly #proxy: Proxy;
  readonly #ssh: SshServer;
  readonly #socket: Server;
  readonly #sockets: string;
  readonly #bin: string;

  private constructor(made: {
    engine: Engine;
    address: HostAddress;
    proxy: Proxy;
    ssh: SshServer;
    socket: Server;
    sockets: string;
    bin: string;
  }) {
    this.engine = made.engine;
    this.address = made.address;
    this.#proxy = made.proxy;
    this.#ssh = made.ssh;
    this.#socket = made.socket;
    this.#sockets = made.sockets;
    this.#bin = made.bin;
  }

  static async start({ registry, reaper, postgres, directory }: HostParts): Promise<Host> {
    const [home, bin] = [join(directory, 'home'), join(directory, 'bin')];
    for (const folder of [home, bin]) mkdirSync(folder, { recursive: true });
    // Paths of sockets must be short: about a hundred characters.
    const sockets = mkdtempSync(join(tmpdir(), 'sluice-host-'));
    reaper.removeLater(sockets);
    const socketPath = join(sockets, 's');
    const engine = new Engine({ registry, reaper, postgres, logs: join(directory, 'containers') });
    const proxy = new Proxy();
    const socket = await serveTools(socketPath, engine, proxy, home);
    for (const tool of ['docker', 'nginx']) writeTool(bin, tool, socketPath);
    const own = ssh2.utils.generateKeyPairSync('ed25519');
    const user = ssh2.utils.generateKeyPairSync('ed25519');
    const ssh = await startSshServer({
      hostKey: own.private,
      authorized: user.public,
      user: USER,
      home,
      environment: {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        HOME: home,
        LANG: 'C.UTF-8',
        // Nobody here waits ten seconds to see that a host goes back by itself.
        SLUICE_FOLLOW_LIMIT: '4',
      },
      reaper,
    });
    const address = {
      address: '127.0.0.1',
      port: ssh.port,
      user: USER,
      hostKey: own.public.split(' ').slice(0, 2).join(' '),
      privateKey: user.private,
      home,
    };
    return new Host({ engine, address, proxy, ssh, socket, sockets, bin });
  }

  fault(fault: HostFault): void {
    switch (fault.kind) {
      case 'diskFull':
        // What `df -Pk` says; the fourth column is what is free.
        return writeExecutable(
          join(this.#bin, 'df'),
          `#!/bin/sh\necho 'Filesystem 1024-blocks Used Available Capacity Mounted on'\necho '/dev/sandbox 1 1 ${fault.freeMiB * 1024} 99% /'\n`,
        );
      case 'cut':
        return this.#ssh.cut(fault.refuse);
      case 'brokenImage':
        this.engine.broken.set(fault.image, fault.why);
        return undefined;
      case 'clear':
        rmSync(join(this.#bin, 'df'), { force: true });
        this.engine.broken.clear();
        return undefined;
      default:
        return fault satisfies never;
    }
  }

  async close(): Promise<void> {
    await this.#ssh.close();
    await this.#proxy.close();
    await this.engine.close();
    this.#socket.closeAllConnections();
    this.#socket.close();
    rmSync(this.#sockets, { recursive: true, force: true });
  }
}

const writeExecutable = (path: string, text: string): void => {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
};

const writeTool = (bin: string, tool: string, socket: string): void => {
  const client = fileURLToPath(new URL('bin/client.mjs', import.meta.url));
  const words = [process.execPath, client, socket, tool].map(quoted).join(' ');
  mkdirSync(dirname(bin), { recursive: true });
  writeExecutable(join(bin, tool), `#!/bin/sh\nexec ${words} "$@"\n`);
};

/** The daemon behind `docker` and `nginx`: a call is a JSON object, its answer lines of output and an exit code. */
const serveTools = async (path: string, engine: Engine, proxy: Proxy, home: string): Promise<Server> => {
  const server = createServer((request, response) => {
    const say = (line: object): void => void response.write(`${JSON.stringify(line)}\n`);
    const work = async (): Promise<void> => {
      let body = '';
      for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString('utf8');
      const { tool, args, cwd } = JSON.parse(body) as { tool: string; args: string[]; cwd: string };
      const call = {
        args,
        cwd,
        out: (text: string) => say({ out: text }),
        err: (text: string) => say({ err: text }),
      };
      say({ exit: tool === 'nginx' ? await proxy.command({ ...call, home }) : await docker(engine, call) });
      response.end();
    };
    work().catch((error: unknown) => {
      say({ err: `sandbox: ${messageOf(error)}\n` });
      say({ exit: 125 });
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return server;
};
