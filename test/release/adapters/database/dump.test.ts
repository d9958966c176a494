import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../release/adapters/database/address.ts';
import { startDump } from '../../../../release/adapters/database/dump.ts';
import { packDump } from '../../../../release/adapters/database/packed.ts';
import { withoutChannelBinding } from '../../../../release/adapters/database/wire.ts';

const signal = new AbortController().signal;
const address = parseAddress('postgresql://user:hunter2@127.0.0.1:1/azora');
const path = process.env['PATH'];
let folder = '';

/** An installed pg_dump of version 16.4 that does what the script says. */
const install = (script: string): void =>
  writeFileSync(
    join(folder, 'pg_dump'),
    `#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 16.4" && exit 0\n${script}\n`,
    {
      mode: 0o755,
    },
  );
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-dump-'));
  process.env['PATH'] = `${folder}${delimiter}${path}`;
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true, force: true });
});

describe('an installed pg_dump', () => {
  it('is used when it is as new as the server; the password is in no argument', async () => {
    install('echo "-- $PGHOST $PGPORT $PGDATABASE $PGUSER $*"');
    const dump = await startDump({ address, serverMajor: 16, snapshot: '0-1', signal });
    expect(await text(dump.stream)).toMatch(
      /^-- 127\.0\.0\.1 1 azora user --format=plain (?!.*hunter2).*--snapshot=0-1\n$/,
    );
    await dump.done;
    expect(dump.tool).toBe('pg_dump 16.4');
  });

  it('that is older than the server, or cannot check its certificate, is left alone', async () => {
    install('echo used');
    const refused = /127\.0\.0\.1:1\/azora cannot be reached/;
    await expect(startDump({ address, serverMajor: 17, signal })).rejects.toThrow(refused);
    const checked = { ...address, tls: { verify: true, ca: 'PEM' } };
    await expect(startDump({ address: checked, serverMajor: 16, signal })).rejects.toThrow(refused);
  });

  it('that breaks off never makes a whole dump, and is quoted without the password', async () => {
    install('echo "-- half"; echo "out of memory for $PGPASSWORD" >&2; exit 3');
    const dump = await startDump({ address, serverMajor: 16, signal });
    let ended = false;
    const packed = packDump(dump, signal, async (body) => {
      for await (const chunk of body) void chunk;
      ended = true;
    });
    await expect(packed).rejects.toThrow('pg_dump of 127.0.0.1:1/azora ended with 3: out of memory for ***');
    expect(ended).toBe(false);
  });

  it('no pg_dump is as new as a server from the future', async () => {
    await expect(startDump({ address, serverMajor: 25, signal })).rejects.toMatchObject({
      exit: 2,
      hint: 'install the PostgreSQL 25 client tools where the backup runs',
    });
  });
});

describe('the offer of channel binding', () => {
  const message = (type: string, body: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(4 + body.length);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const sasl = (...names: string[]): Buffer =>
    message(
      'R',
      Buffer.concat([
        Buffer.from([0, 0, 0, 10]),
        ...names.map((n) => Buffer.from(`${n}\0`)),
        Buffer.from([0]),
      ]),
    );
  const rest = message('R', Buffer.from([0, 0, 0, 11, 1, 2, 3]));
  const through = async (bytes: Buffer, size: number): Promise<Buffer> => {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    return Buffer.concat((await Readable.from(pieces).pipe(withoutChannelBinding()).toArray()) as Buffer[]);
  };

  it.each([1, 7, 4096])('is taken out, and nothing else, when bytes come %i at a time', async (size) => {
    const offered = Buffer.concat([sasl('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'), rest]);
    expect((await through(offered, size)).equals(Buffer.concat([sasl('SCRAM-SHA-256'), rest]))).toBe(true);
    for (const other of [sasl('SCRAM-SHA-256'), message('E', Buffer.alloc(3000, 'x')), rest])
      expect((await through(other, size)).equals(other)).toBe(true);
  });
});
