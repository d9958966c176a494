// A small pool for the services that read from the database; the others start without it.
const USERS = new Set(['education-service', 'marketplace-service']);

const NONE = { query: undefined, ready: () => Promise.resolve(true), close: () => Promise.resolve() };

export const openDatabase = async (service, url) => {
  if (url === undefined || !USERS.has(service)) return NONE;
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 3_000,
  });
  // A connection that breaks while it rests is replaced by the next query.
  pool.on('error', (error) => console.error(error.message));
  return {
    query: (name, text, values = []) => pool.query({ name, text, values }).then((result) => result.rows),
    ready: () =>
      pool.query('select 1').then(
        () => true,
        () => false,
      ),
    close: () => pool.end(),
  };
};
