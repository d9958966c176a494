import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { parseAddress } from '../../release/adapters/database/address.ts';
import { startDump } from '../../release/adapters/database/dump.ts';
import { loadDump } from '../../release/adapters/database/load.ts';
import { withClient } from '../../release/adapters/database/session.ts';

const signal = new AbortController().signal;

/** `pg_dump | gzip > file`, the same pg_dump as ours; milliseconds. */
export const dumpToFile = async (url: string, file: string): Promise<{ ms: number; size: number }> => {
  const began = performance.now();
  const dump = await startDump({ address: parseAddress(url), serverMajor: 18, signal, tool: 'wasm' });
  const gzip = spawn('gzip', ['-c'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(gzip, 'close');
  await Promise.all([
    pipeline(dump.stream, gzip.stdin),
    pipeline(gzip.stdout, createWriteStream(file)),
    dump.done,
    ended,
  ]);
  return { ms: performance.now() - began, size: statSync(file).size };
};

/** `gunzip < file` into an empty database, without comparing anything; milliseconds. */
export const restoreFromFile = async (file: string, server: string, database: string): Promise<number> => {
  const admin = new Client({ connectionString: server });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${database} TEMPLATE template0`);
  const began = performance.now();
  const gunzip = spawn('gunzip', ['-c'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const url = new URL(server);
  url.pathname = `/${database}`;
  await Promise.all([
    pipeline(createReadStream(file), gunzip.stdin),
    withClient(parseAddress(url.href), signal, (c) => loadDump(gunzip.stdout, c, signal)),
  ]);
  const ms = performance.now() - began;
  await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
  await admin.end();
  return ms;
};
