import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ExpectedError, EXIT } from '../../../lib/errors.ts';
import { redactText } from '../../../lib/redact.ts';
import { type Address, describeAddress } from './address.ts';
import { connectWire, withoutChannelBinding } from './wire.ts';

export interface Dump {
  /** Plain SQL, UTF-8. */
  readonly stream: Readable;
  /** Resolves when pg_dump has ended well; rejects with what it said. The stream alone does not tell. */
  readonly done: Promise<void>;
  /** Which pg_dump it is, e.g. `pg_dump 18.3 (WebAssembly)`. */
  readonly tool: string;
}

export interface DumpOptions {
  readonly address: Address;
  /** Major version of the server. */
  readonly serverMajor: number;
  /** Name of an exported snapshot: the dump shows the database as of that moment. */
  readonly snapshot?: string;
  readonly signal: AbortSignal;
  /** `wasm`: leave an installed pg_dump alone. */
  readonly tool?: 'any' | 'wasm';
}

/** Major version of the pg_dump that comes with the npm package. */
const WASM_MAJOR = 18;

const argumentsOf = (snapshot: string | undefined): string[] => [
  '--format=plain',
  '--encoding=UTF8',
  // A restored copy must not start to replicate from the original's publisher.
  '--no-subscriptions',
  '--no-password',
  ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
];

const environmentOf = (a: Address): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: process.env['HOME'] ?? '/',
  LC_ALL: 'C',
  PGUSER: a.user,
  PGPASSWORD: a.password,
  PGDATABASE: a.database,
  PGAPPNAME: 'sluice backup',
});

/** Version of the installed pg_dump, e.g. `16.4`; undefined where there is none. */
const installedVersion = async (): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)('pg_dump', ['--version'], { timeout: 10_000 });
    return /(\d+(?:\.\d+)*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
};

/**
 * Starts pg_dump of one database. An installed pg_dump is taken when it is as new as the server (older ones refuse,
 * rightly); otherwise the one from the npm package, which serves any server up to its own version.
 */
export const startDump = async (options: DumpOptions): Promise<Dump> => {
  const { address, serverMajor, signal } = options;
  const installed = options.tool === 'wasm' ? undefined : await installedVersion();
  if (installed !== undefined && serves(Number.parseInt(installed, 10), serverMajor, address)) {
    const child = spawn('pg_dump', argumentsOf(options.snapshot), {
      env: { ...environmentOf(address), ...installedEnvironment(address) },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    return dumpOf(child, address, `pg_dump ${installed}`, signal);
  }
  if (serverMajor > WASM_MAJOR)
    throw new ExpectedError(
      `the server is PostgreSQL ${serverMajor}; no pg_dump here is as new (installed: ${installed ?? 'none'}, own: ${WASM_MAJOR})`,
      {
        exit: EXIT.badInput,
        hint: `install the PostgreSQL ${serverMajor} client tools where the backup runs`,
      },
    );
  return wasmDump(options);
};

/** New enough for the server, and able to trust whom Node trusts: libpq knows the system's certificates since 16. */
const serves = (installed: number, serverMajor: number, { tls }: Address): boolean =>
  installed >= serverMajor && (tls?.verify !== true || (installed >= 16 && tls.ca === undefined));

const installedEnvironment = ({ host, port, tls }: Address): Record<string, string> => ({
  PGHOST: host,
  PGPORT: String(port),
  PGSSLMODE: tls === undefined ? 'disable' : tls.verify ? 'verify-full' : 'require',
  // The system's own certificates, as Node takes them.
  ...(tls?.verify === true ? { PGSSLROOTCERT: 'system' } : {}),
});

const wasmDump = async (options: DumpOptions): Promise<Dump> => {
  const { address, signal } = options;
  const wire = await connectWire(address, signal);
  const script = fileURLToPath(new URL('pg-dump-wasm.ts', import.meta.url));
  const child = spawn(process.execPath, [script, ...argumentsOf(options.snapshot)], {
    env: environmentOf(address),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    signal,
  });
  join(child.stdio[3] as Duplex, wire, address.tls !== undefined);
  child.once('close', () => wire.destroy());
  return dumpOf(child, address, `pg_dump ${WASM_MAJOR} (WebAssembly)`, signal);
};

/** Ties the child's connection to the server's; the end of one is the end of the other. */
const join = (child: Duplex, wire: Socket, encrypted: boolean): void => {
  child.on('error', () => wire.destroy());
  wire.on('error', () => child.destroy());
  wire.on('close', () => child.end());
  child.pipe(wire);
  if (encrypted) wire.pipe(withoutChannelBinding()).pipe(child);
  else wire.pipe(child);
};

const dumpOf = (child: ChildProcess, address: Address, tool: string, signal: AbortSignal): Dump => {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('pg_dump has no output');
  let said = '';
  stderr.on('data', (chunk: Buffer) => void (said = (said + chunk.toString()).slice(-4000)));
  const ended = async (): Promise<void> => {
    const [code] = (await once(child, 'close')) as [number | null, string | null];
    if (code === 0) return;
    throw new ExpectedError(
      `pg_dump of ${describeAddress(address)} ended with ${code ?? 'a signal'}: ${redactText(said.trim(), [address.password])}`,
      {
        exit: EXIT.personNeeded,
        hint: 'nothing was changed; when the cause is gone, run the deployment again',
      },
    );
  };
  const done = ended().catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw error;
  });
  // Whoever reads the stream looks at this later; until then it is nobody's unhandled rejection.
  done.catch(() => undefined);
  return { stream: stdout, done, tool };
};
