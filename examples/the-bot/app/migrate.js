import { openDatabase } from './database.js';
import { version } from './http.js';

/** In order; each runs once, in a transaction of its own. What a version does not know it leaves alone. */
const MIGRATIONS = [
  {
    name: '0001_lessons',
    since: 1,
    sql: `create table lessons (id serial primary key, title text not null, done int not null default 0);
          insert into lessons (title) select 'Lesson ' || n from generate_series(1, 20) n`,
  },
  {
    name: '0002_levels',
    since: 2,
    sql: `alter table lessons add column level text not null default 'beginner'`,
  },
];

const major = Number.parseInt(version, 10);
const known = MIGRATIONS.filter(({ since }) => since <= major);

/** Names of migrations of this version that have not run. */
export const pending = async (database) => {
  const { rows } = await database
    .query('select name from django_migrations')
    .catch((error) => (error.code === '42P01' ? { rows: [] } : Promise.reject(error)));
  const done = new Set(rows.map(({ name }) => name));
  return known.filter(({ name }) => !done.has(name));
};

export const migrate = async () => {
  const database = openDatabase();
  await database.query('create table if not exists django_migrations (name text primary key)');
  for (const { name, sql } of await pending(database)) {
    if (process.env.FAULT_MIGRATION === '1') {
      console.error(
        `django.db.utils.ProgrammingError: ${name}: column "level" of relation "lessons" already exists`,
      );
      process.exit(1);
    }
    await database.query(`begin; ${sql}; insert into django_migrations values ('${name}'); commit`);
    console.log(`Applying ${name}... OK`);
  }
  await database.end();
};
