import pg from 'pg';

/** A small pool to the service `db`. */
export const openDatabase = () => {
  const {
    POSTGRES_HOST: host,
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: database,
  } = process.env;
  const pool = new pg.Pool({
    host,
    port: 5432,
    user,
    password,
    database,
    max: 4,
    connectionTimeoutMillis: 3_000,
  });
  // A connection that breaks while it rests is replaced by the next query.
  pool.on('error', (error) => console.error(error.message));
  return pool;
};
