/** A database with everything that is easily lost on the way through a dump. */
export const AWKWARD = String.raw`
CREATE SCHEMA "Odd; Schema";
CREATE TYPE mood AS ENUM ('sad', 'o''k', 'happy;');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN short AS varchar(10) CHECK (VALUE IN ('a', 'b''c', 'd'));
CREATE SEQUENCE down INCREMENT -3 MINVALUE -1000 MAXVALUE 50 START 50;
SELECT nextval('down'), nextval('down');
CREATE TABLE "Odd; Schema"."Table ""quoted"" ; with -- everything" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "select" text,
  "Ünï\côdé" text,
  bytes bytea, numbers int[], texts text[], doc jsonb, raw json, mood mood, pair pair,
  at timestamptz, took interval, ip inet, price numeric(20, 5), ratio double precision, small real,
  net money, range int4range, bits bit varying(10), id2 uuid, found tsvector, doubled numeric GENERATED ALWAYS AS (price * 2) STORED,
  name varchar(40) CHECK (name IN ('x', 'y') OR name LIKE E'%\\\\%'), kind short DEFAULT 'a',
  gone text
);
ALTER TABLE "Odd; Schema"."Table ""quoted"" ; with -- everything" DROP COLUMN gone;
INSERT INTO "Odd; Schema"."Table ""quoted"" ; with -- everything"
  ("select", "Ünï\côdé", bytes, numbers, texts, doc, raw, mood, pair, at, took, ip, price, ratio, small, net, range, bits, id2, found, name)
SELECT
  CASE n % 6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'tab\there, new\nline, back\\slash, cr\r, \\.' WHEN 3 THEN '\.' WHEN 4 THEN E'\\N' ELSE E'\\.\n\\.\n' END,
  repeat('𝄞 ünïcode '' " ; $$ ', n % 5), decode(md5(n::text), 'hex') || '\x00ff0a5c'::bytea, ARRAY[n, NULL, -n],
  ARRAY['a,b', '{"q"}', NULL, E'x\\y', ''], jsonb_build_object('n', n, 'q', '"''\'), '{"b":1, "a": [1,2], "b": 2}',
  (ARRAY['sad', 'o''k', 'happy;'])[1 + n % 3]::mood, ROW(n, 'x,"y')::pair, '2026-01-01 00:00:00.123456+02'::timestamptz + n * interval '1 h',
  n * interval '1 day 3 s', '10.0.0.1', n / 7.0, 1.0 / (n + 1), 1e-30 * n, n, int4range(n, n + 5), n::bit(8)::bit varying,
  md5(n::text)::uuid, to_tsvector('simple', 'fat cat ' || n), CASE n % 2 WHEN 0 THEN 'x' ELSE E'a\\b' END
FROM generate_series(1, 500) n;
CREATE TABLE large (id int PRIMARY KEY, body text);
INSERT INTO large SELECT n, repeat('0123456789' || chr(10), 200000) FROM generate_series(1, 3) n;
CREATE TABLE empty ();
CREATE TABLE nothing (x int);
INSERT INTO empty DEFAULT VALUES;
CREATE TABLE measured (day date NOT NULL, v int) PARTITION BY RANGE (day);
CREATE TABLE measured_2026 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
INSERT INTO measured SELECT '2026-06-01'::date + n * 30, n FROM generate_series(1, 24) n;
CREATE UNIQUE INDEX one_happy ON large (id) WHERE body IS NOT NULL AND id > 0;
CREATE INDEX "odd index" ON "Odd; Schema"."Table ""quoted"" ; with -- everything" (lower("select"), (doc ->> 'n')) WHERE mood <> 'sad';
CREATE VIEW "view;1" AS SELECT l.id, (SELECT count(*) FROM nothing) AS n FROM large l WHERE body LIKE 'a;''%' OR id IN (1, 2, 3);
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM large;
CREATE FUNCTION dollars(a text DEFAULT ';') RETURNS text LANGUAGE plpgsql AS $body$
DECLARE q text := $$ it's; $$;
BEGIN
  -- a comment; with 'quotes
  IF a = E'\\'';' THEN RETURN q; END IF;
  RETURN $x$ $body $x$ || a;
END;
$body$;
CREATE FUNCTION atomic(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC
  SELECT CASE WHEN a > 1 THEN 2 ELSE 3 END;
  SELECT a + 1;
END;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.x := coalesce(NEW.x, 0) + 1; RETURN NEW; END';
CREATE TRIGGER touch BEFORE INSERT ON nothing FOR EACH ROW WHEN (NEW.x IS DISTINCT FROM 7) EXECUTE FUNCTION touched();
CREATE RULE many AS ON DELETE TO nothing DO ALSO (INSERT INTO nothing VALUES (1); INSERT INTO nothing VALUES (2));
COMMENT ON TABLE large IS E'a comment; with ''quotes'' and \\ and\nlines -- not a comment /* nor this';
ALTER TABLE large ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON large USING (id = 1 OR body = ';');
ALTER TABLE measured ADD CONSTRAINT positive CHECK (v > 0 AND v::text <> ';');
`;
