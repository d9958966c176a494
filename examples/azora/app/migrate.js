// The migrations of this version, run inside one of its containers: for hosts, where a container does what a runner
// does elsewhere. Each file once, in its order, in a transaction of its own.
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

const version = process.env.SLUICE_VERSION ?? '';
const { versions } = JSON.parse(await readFile(new URL('versions.json', import.meta.url), 'utf8'));
const folder = new URL(`${versions[version]?.migrations ?? 'migrations'}/`, import.meta.url);
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  await client.query('create table if not exists schema_migrations (version text primary key)');
  const { rows } = await client.query('select version from schema_migrations');
  const done = new Set(rows.map((row) => row.version));
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()) {
    const [id] = file.split('_', 1);
    if (done.has(id)) continue;
    const text = await readFile(new URL(file, folder), 'utf8');
    const [, up = ''] = /-- migrate:up([\s\S]*?)(?:-- migrate:down|$)/.exec(text) ?? [];
    await client.query('begin');
    await client.query(up);
    await client.query('insert into schema_migrations values ($1)', [id]);
    await client.query('commit');
    console.log(`applied ${file}`);
  }
} finally {
  await client.end();
}
