import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeAddress,
  parseAddress,
  urlWithDatabase,
} from '../../../../release/adapters/database/address.ts';
import { differences } from '../../../../release/adapters/database/compare.ts';
import type { DatabaseFingerprint } from '../../../../release/adapters/database/fingerprint.ts';
import {
  failingStatement,
  migrationStatements,
  shortStatement,
} from '../../../../release/adapters/database/migration-sql.ts';
import { pendingFiles } from '../../../../release/adapters/database/migrations.ts';
import { databaseName } from '../../../../release/adapters/database/scratch.ts';
import { serverMessages } from '../../../../release/adapters/database/server-messages.ts';

describe('a database’s URL', () => {
  it('is read, with what other tools put into it, and described without its password', () => {
    const a = parseAddress(
      'postgres://u%40x:hunter2%2Fw@db.example:6432/my%20db?schema=public&sslmode=require',
    );
    expect(a).toEqual({
      host: 'db.example',
      port: 6432,
      user: 'u@x',
      password: 'hunter2/w',
      database: 'my db',
      tls: { verify: true, ca: undefined },
    });
    expect(describeAddress(a)).toBe('db.example:6432/my db');
    expect(parseAddress('postgresql://u:p@[::1]/d').host).toBe('::1');
    expect(urlWithDatabase('postgresql://u:p@h/d?sslmode=disable', 'o/x')).toBe(
      'postgresql://u:p@h/o%2Fx?sslmode=disable',
    );
  });

  it.each([
    '',
    'hunter2',
    'mysql://u:hunter2@h/d',
    'postgresql://u:hunter2@h/',
    'postgresql:///d',
    'postgresql://u:hunter2@h/d?sslmode=maybe',
  ])('that is wrong is refused without showing it: %s', (url) => {
    expect(() => parseAddress(url)).toThrow(/^the database's URL /);
    expect(() => parseAddress(url)).not.toThrow(/hunter2/);
  });
});

const EMPTY: DatabaseFingerprint = { tables: [], sequences: [], schema: [] };
const constraint = (definition: string): DatabaseFingerprint => ({
  ...EMPTY,
  schema: [{ kind: 'constraint', name: 'c on t', definition }],
});

describe('the comparison of two databases', () => {
  it('forgives how PostgreSQL writes an expression it has read back, not what it says', () => {
    const one = constraint(
      "CHECK (((x)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
    );
    const again = constraint(
      "CHECK (((x)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
    );
    expect(differences(one, again)).toEqual([]);
    const other = constraint(
      "CHECK (((x)::text = ANY (ARRAY[('a'::character varying)::text, ('c'::character varying)::text])))",
    );
    expect(differences(one, other)).toEqual(['constraint c on t is defined differently']);
    expect(differences(one, EMPTY)).toEqual(['constraint c on t is missing in the copy']);
    expect(differences(EMPTY, one)).toEqual(['constraint c on t is only in the copy']);
  });

  it('allows a sequence to stand anywhere between before and after, in either direction', () => {
    const at = (value: string, called = true): DatabaseFingerprint => ({
      ...EMPTY,
      sequences: [{ name: 's', value, called }],
    });
    const check = (before: string, after: string, copy: string) =>
      differences(at(after), at(copy), at(before).sequences);
    expect(check('5', '9', '7')).toEqual([]);
    expect(check('9', '5', '7')).toEqual([]);
    expect(check('5', '5', '5')).toEqual([]);
    expect(check('5', '9', '4')).toEqual(['sequence s stands at 4 instead of 5']);
    expect(differences(at('1', false), at('1', true))).toHaveLength(1);
  });
});

describe('a migration file', () => {
  const FILE = `-- migrate:up
create table a (x int);
insert into a values (1); alter table a drop column x;
create function f() returns void as $$ drop table a; $$ language sql;
do $$ begin truncate a; end $$;
create role r password 'hunter2';

-- migrate:down
drop table a;
`;
  it('is read statement by statement, with lines and what each takes away', () => {
    expect(migrationStatements(FILE).map((s) => [s.from, s.to, s.destructive])).toEqual([
      [2, 2, []],
      [3, 3, []],
      [3, 3, ['drops a column']],
      [4, 4, []],
      [5, 5, ['empties a table']],
      [6, 6, []],
    ]);
    expect(
      migrationStatements(FILE)
        .map((s) => shortStatement(s.sql))
        .join(),
    ).not.toContain('hunter2');
  });

  it('that failed: the statement is found by line, or by the names in the error when only one fits', () => {
    const all = migrationStatements(FILE);
    expect(failingStatement(all, 'Error: line: 4, column: 3, position: 50: pq: oh')?.from).toBe(4);
    expect(failingStatement(all, 'role "r" already exists')?.from).toBe(6);
    expect(failingStatement(all, 'relation "a" is odd')).toBeUndefined();
    expect(failingStatement(all, 'no names at all')).toBeUndefined();
  });

  it('is pending unless the tool has noted its version, its name, or its folder', () => {
    const files = ['20260101_a.sql', '20260102_b.sql', '0003_c'].map((name) => ({ name, path: name }));
    expect(pendingFiles(files, ['20260101', '0003_c']).map((f) => f.name)).toEqual(['20260102_b.sql']);
    expect(pendingFiles(files, [])).toHaveLength(3);
  });
});

it('names of scratch databases fit, and differ where their parts do', () => {
  const long = 'x'.repeat(80);
  expect(databaseName('sluice_scratch', 'Prod-EU', '1700000000-abc')).toBe(
    'sluice_scratch_prod_eu_1700000000_abc',
  );
  expect(databaseName('s', long, 'a').length).toBeLessThanOrEqual(63);
  expect(databaseName('s', long, 'a')).not.toBe(databaseName('s', long, 'b'));
});

describe('messages of a server', () => {
  const message = (type: string, length: number): Buffer => {
    const bytes = Buffer.alloc(5 + length, type);
    bytes.writeUInt32BE(4 + length, 1);
    return bytes;
  };
  it('come whole, in order, and never past ReadyForQuery until the client speaks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ready: fc.boolean(), length: fc.nat(90_000) }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 500, max: 70_000 }),
        fc.integer({ min: 2_000, max: 70_000 }),
        (shape, portion, room) => {
          const sent = Buffer.concat(
            shape.flatMap((m) => [message('D', m.length), ...(m.ready ? [message('Z', 1)] : [])]),
          );
          let at = 0;
          const reader = serverMessages((into) => {
            const length = Math.min(portion, into.length, sent.length - at);
            into.set(sent.subarray(at, at + length));
            at += length;
            return length;
          });
          const got: Buffer[] = [];
          let turns = 0;
          for (let silent = 0; silent < 2;) {
            const into = Buffer.alloc(room);
            const length = reader.read(into);
            if (length === 0) {
              silent += 1;
              turns += 1;
              reader.sent();
            } else {
              silent = 0;
              got.push(into.subarray(0, length));
            }
          }
          expect(Buffer.concat(got).equals(sent)).toBe(true);
          expect(turns).toBe(shape.filter((m) => m.ready).length + (shape.at(-1)?.ready === true ? 1 : 2));
        },
      ),
      { numRuns: 30 },
    );
  });
});
