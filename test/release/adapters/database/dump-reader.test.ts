import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDump } from '../../../../release/adapters/database/dump-reader.ts';
import { splitStatements } from '../../../../release/adapters/database/statements.ts';

const read = async (text: string, cuts: readonly number[] = []): Promise<[string, string?][]> => {
  const bytes = Buffer.from(text);
  const source = async function* () {
    let from = 0;
    for (const cut of [...cuts, bytes.length].map((c) => Math.min(c, bytes.length)).sort((a, b) => a - b)) {
      if (cut > from) yield bytes.subarray(from, cut);
      from = Math.max(from, cut);
    }
  };
  const found: [string, string?][] = [];
  for await (const item of readDump(source())) {
    if (item.kind === 'statement') found.push([item.sql]);
    else {
      const chunks: Buffer[] = [];
      for await (const chunk of item.data) chunks.push(Buffer.from(chunk));
      found.push([item.sql, Buffer.concat(chunks).toString('utf8')]);
    }
  }
  return found;
};

describe('statements', () => {
  it.each([
    ["SELECT 1; SELECT ';'; SELECT 2", ['SELECT 1;', "SELECT ';';", 'SELECT 2']],
    ["SELECT 'it''s; fine', E'a\\'; b', \"x;\"\"y\";", ["SELECT 'it''s; fine', E'a\\'; b', \"x;\"\"y\";"]],
    ["SELECT 'back\\'; SELECT 2;", ["SELECT 'back\\';", 'SELECT 2;']],
    ['-- a; b\n/* c; /* nested; */ d; */ SELECT 1; -- e;\n', ['SELECT 1;']],
    ['SELECT $$ ; $x$ ; $$, $x$ ; $$ $x$, a$b$c;', ['SELECT $$ ; $x$ ; $$, $x$ ; $$ $x$, a$b$c;']],
    [
      'CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2); SELECT 3;',
      ['CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2);', 'SELECT 3;'],
    ],
    [
      'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3;',
      [
        'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;',
        'SELECT 3;',
      ],
    ],
    ['BEGIN; SELECT 1; END;', ['BEGIN;', 'SELECT 1;', 'END;']],
    [';;  ;', []],
  ])('%s', (sql, expected) => expect(splitStatements(sql)).toEqual(expected));
});

describe('a plain dump', () => {
  const DUMP = String.raw`--
-- PostgreSQL database dump
--

\restrict abc

SET client_encoding = 'UTF8';
CREATE TABLE t (a text, b text);

--
-- Data for Name: t; Type: TABLE DATA
--

COPY public.t (a, b) FROM stdin;
1;	ünï
\\.	\N
\.x	$$
\.


COPY public.empty  FROM stdin;
\.


CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $_$
\restrict inside a body
BEGIN; END;
$_$;
\unrestrict abc

`;
  const EXPECTED: [string, string?][] = [
    ["SET client_encoding = 'UTF8';"],
    ['CREATE TABLE t (a text, b text);'],
    ['COPY public.t (a, b) FROM stdin;', '1;\tünï\n\\\\.\t\\N\n\\.x\t$$\n'],
    ['COPY public.empty  FROM stdin;', ''],
    ['CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $_$\n\\restrict inside a body\nBEGIN; END;\n$_$;'],
  ];

  it('is read the same however the bytes arrive', async () => {
    expect(await read(DUMP)).toEqual(EXPECTED);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: DUMP.length + 10 }), { maxLength: 30 }), async (cuts) => {
        expect(await read(DUMP, cuts)).toEqual(EXPECTED);
      }),
      { numRuns: 100 },
    );
    expect(
      await read(
        DUMP,
        Array.from({ length: DUMP.length + 10 }, (_, i) => i),
      ),
    ).toEqual(EXPECTED);
  });

  it('that ends too early is refused, wherever it ends', async () => {
    const statements = DUMP.slice(DUMP.indexOf('COPY'));
    for (const end of [20, 40, 45, 60])
      await expect(read(statements.slice(0, end)), String(end)).rejects.toThrow('the dump ends inside');
    await expect(read(DUMP.slice(0, DUMP.indexOf('$_$;')))).rejects.toThrow('ends inside a statement');
  });

  it('that would run a command of psql is refused', async () => {
    await expect(read('SELECT 1;\n\\! rm -rf /\n')).rejects.toThrow('the psql command "\\\\! rm -rf /"');
  });
});
