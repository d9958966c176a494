import { Client } from 'pg';

/** Rows of a shop: numbers, names, some JSON, prose of varying length. About 520 bytes a row. */
const ROWS = `
  INSERT INTO orders (customer, status, total, placed_at, items, note)
  SELECT 'customer-' || md5(n::text), (ARRAY['new', 'paid', 'sent', 'done'])[1 + n % 4], (n * 37 % 100000) / 100.0,
         timestamptz '2026-01-01' + n * interval '7 seconds',
         jsonb_build_object('sku', md5((n * 3)::text), 'count', n % 9, 'tags', jsonb_build_array('a', n % 50, 'c')),
         left(repeat(md5((n * 11)::text) || ' delivered to the door of ' || md5((n * 13)::text) || '. ', 8), 250 + n % 180)
  FROM generate_series($1::int, $2::int) n`;

const BYTES_PER_ROW = 520;

/** Fills a database with about so many megabytes of plain dump; resolves to the number of rows. */
export const fillDatabase = async (url: string, megabytes: number): Promise<number> => {
  const rows = Math.round((megabytes * 1_000_000) / BYTES_PER_ROW);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY, customer text NOT NULL, status text NOT NULL,
         total numeric(12, 2) NOT NULL, placed_at timestamptz NOT NULL, items jsonb NOT NULL, note text)`,
    );
    await client.query(ROWS, [1, rows]);
    await client.query('ALTER TABLE orders ADD PRIMARY KEY (id)');
    await client.query('CREATE INDEX ON orders (customer)');
    await client.query('VACUUM ANALYZE orders');
  } finally {
    await client.end();
  }
  return rows;
};
