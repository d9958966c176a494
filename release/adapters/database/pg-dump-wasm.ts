/**
 * A process of its own that is pg_dump: the real one, compiled to WebAssembly, from @electric-sql/pglite-tools.
 * Arguments are pg_dump's; the dump goes to standard output, messages to standard error. Its one connection is file
 * descriptor 3, which the parent has connected to the server: WebAssembly has no sockets of its own.
 */
import { readFileSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { serverMessages } from './server-messages.ts';

const CONNECTION = 3;
const OUTPUT = '/dev/dump';
const PINNED = '0.4.8';
/** Where pg_dump believes it was started from; it looks for itself. */
const PROGRAM = '/pg_dump';

interface FileSystem {
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: object): void;
  mkdev(path: string, mode: number, device: number): void;
  writeFile(path: string, text: string, options: { mode: number }): void;
  chmod(path: string, mode: number): void;
}
interface Module {
  readonly HEAPU8: Uint8Array;
  readonly ENV: Record<string, string>;
  readonly FS: FileSystem;
  addFunction(f: (at: number, length: number) => number, signature: string): number;
  _pgl_set_rw_cbs(read: number, write: number): void;
  callMain(args: string[]): number | undefined;
}
type Factory = (settings: object) => Promise<Module>;

const changed = (): Error =>
  new Error(
    `@electric-sql/pglite-tools is not ${PINNED}, the version that is known to work; install exactly that one`,
  );

/** The package keeps the module's factory to itself: a copy of its code is loaded that gives it out. */
const loadFactory = async (): Promise<{ factory: Factory; wasm: string }> => {
  const folder = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite-tools/pg_dump'));
  const chunk = /"\.\/(chunk-[A-Z0-9]+\.js)"/.exec(readFileSync(join(folder, 'pg_dump.js'), 'utf8'))?.[1];
  if (chunk === undefined) throw changed();
  const code = readFileSync(join(folder, chunk), 'utf8');
  const name = /\bvar (\w+)=\w+;var \w+="\/tmp\/out\.sql"/.exec(code)?.[1];
  if (name === undefined) throw changed();
  const patched = code.replace(/export\{\w+ as a\};[\s\S]*$/, `export{${name} as factory};`);
  const loaded = (await import(`data:text/javascript;base64,${Buffer.from(patched).toString('base64')}`)) as {
    factory: Factory;
  };
  return { factory: loaded.factory, wasm: join(folder, 'pg_dump.wasm') };
};

const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
};

/** pg_dump writes 1 KiB at a time; the pipe is given more at once. */
const collector = (): { write(bytes: Uint8Array): void; flush(): void } => {
  const buffer = Buffer.alloc(256 * 1024);
  let used = 0;
  const flush = (): void => {
    writeAll(1, buffer.subarray(0, used));
    used = 0;
  };
  return {
    flush,
    write: (bytes) => {
      if (used + bytes.length > buffer.length) flush();
      if (bytes.length > buffer.length) writeAll(1, bytes);
      else {
        buffer.set(bytes, used);
        used += bytes.length;
      }
    },
  };
};

const run = async (args: readonly string[]): Promise<number> => {
  const { factory, wasm } = await loadFactory();
  const output = collector();
  const messages = serverMessages((buffer) => readSync(CONNECTION, buffer));
  let status = 0;
  let module: Module | undefined;
  const settings = {
    noExitRuntime: false,
    thisProgram: PROGRAM,
    locateFile: () => wasm,
    print: (line: string) => writeAll(2, Buffer.from(`${line}\n`)),
    printErr: (line: string) => writeAll(2, Buffer.from(`${line}\n`)),
    onExit: (code: number) => void (status = code),
    preRun: [
      (m: Module) => {
        module = m;
        const names = ['PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGAPPNAME'];
        for (const name of names) m.ENV[name] = process.env[name] ?? '';
        Object.assign(m.ENV, {
          HOME: '/',
          PGHOST: '127.0.0.1',
          PGSSLMODE: 'disable',
          PGGSSENCMODE: 'disable',
        });
        m.FS.writeFile(PROGRAM, '', { mode: 0o755 });
        m.FS.chmod(PROGRAM, 0o755);
        const device = m.FS.makedev(64, 0);
        m.FS.registerDevice(device, {
          write: (_stream: unknown, bytes: Uint8Array, offset: number, length: number) => {
            output.write(bytes.subarray(offset, offset + length));
            return length;
          },
        });
        m.FS.mkdev(OUTPUT, 0o666, device);
      },
      (m: Module & { onRuntimeInitialized?: () => void }) => {
        m.onRuntimeInitialized = () => {
          const read = m.addFunction(
            (at, length) => messages.read(m.HEAPU8.subarray(at, at + length)),
            'iii',
          );
          const write = m.addFunction((at, length) => {
            messages.sent();
            writeAll(CONNECTION, m.HEAPU8.subarray(at, at + length));
            return length;
          }, 'iii');
          m._pgl_set_rw_cbs(read, write);
        };
      },
    ],
  };
  const ready = await factory(settings);
  if (module === undefined) throw changed();
  ready.callMain([...args, '--file', OUTPUT]);
  output.flush();
  return status;
};

process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  writeAll(2, Buffer.from(`${error instanceof Error ? error.message : String(error)}\n`));
  return 1;
});
