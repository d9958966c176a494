import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** One mail as it was handed in. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body. */
  readonly text: string;
}

const LONGEST_MAIL = 1_048_576;
const ADDRESS = /<([^>]*)>/;

/** One conversation: as much of SMTP (RFC 5321) as handing in a mail takes, without TLS and without a password. */
const converse = (socket: Socket, receive: (mail: Mail) => void): void => {
  let from = '';
  let to: string[] = [];
  let data: string[] | undefined;
  let rest = '';
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const content = (lines: string[], line: string): void => {
    if (line !== '.') return void lines.push(line.startsWith('..') ? line.slice(1) : line);
    receive({ from, to, text: lines.join('\n') });
    data = undefined;
    say('250 taken');
  };
  const COMMANDS: Readonly<Record<string, (line: string) => void>> = {
    EHLO: () => say('250 sandbox'),
    HELO: () => say('250 sandbox'),
    MAIL: (line) => {
      [from, to] = [ADDRESS.exec(line)?.[1] ?? '', []];
      say('250 ok');
    },
    RCPT: (line) => {
      to.push(ADDRESS.exec(line)?.[1] ?? '');
      say('250 ok');
    },
    DATA: () => {
      data = [];
      say('354 end with a dot');
    },
    RSET: () => say('250 ok'),
    QUIT: () => {
      say('221 bye');
      socket.end();
    },
  };
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (chunk: string) => {
    rest += chunk;
    if (rest.length > LONGEST_MAIL) return void socket.destroy();
    const lines = rest.split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (data !== undefined) content(data, line);
      else (COMMANDS[line.slice(0, 4).toUpperCase()] ?? (() => say('502 not known here')))(line);
    }
  });
  say('220 sandbox');
};

/** The mail server of the sandbox, on loopback. It starts when it is first asked for. */
export class Mailbox {
  readonly #receive: (mail: Mail) => void;
  #server: Server | undefined;

  constructor(receive: (mail: Mail) => void) {
    this.#receive = receive;
  }

  /** `smtp://127.0.0.1:<port>` */
  async url(): Promise<string> {
    const server = this.#server ?? createServer((socket) => converse(socket, this.#receive)).unref();
    this.#server = server;
    if (!server.listening)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', resolve);
      });
    return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server?.close();
  }
}
