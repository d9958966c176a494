// Two services on one table. Versions 1 and 2 know `name`; from version 3 on it is `first_name` and `last_name`.
import { createServer } from 'node:http';
import pg from 'pg';

const { env } = process;
const service = env.SERVICE ?? 'orders';
const version = (env.SLUICE_VERSION ?? '0.0.0').replace(/^v/, '');
const split = Number(version.split('.')[0]) >= 3;

const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 4, connectionTimeoutMillis: 3_000 });
// A connection that breaks while it rests is replaced by the next query.
pool.on('error', (error) => console.error(error.message));

const NAME = split ? `trim(first_name || ' ' || coalesce(last_name, ''))` : 'name';
const newest = async () =>
  (await pool.query(`select id, ${NAME} as name from customers order by id desc limit 10`)).rows;

const save = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const { first = '', last = '' } = JSON.parse(text);
  const [sql, values] = split
    ? ['insert into customers (first_name, last_name) values ($1, $2) returning id', [first, last]]
    : ['insert into customers (name) values ($1) returning id', [`${first} ${last}`.trim()]];
  return { status: 201, body: (await pool.query(sql, values)).rows[0] };
};

const ROUTES = {
  orders: {
    'GET /orders/customers': async () => ({ status: 200, body: { customers: await newest() } }),
    'POST /orders/customers': save,
  },
  billing: {
    'GET /billing/invoices': async () => ({
      status: 200,
      body: { invoices: (await newest()).map(({ id, name }) => ({ to: name, number: `R-${id}` })) },
    }),
  },
};

// Ready only when its own statements still work on the schema of now.
const ready = () =>
  newest().then(
    (rows) => rows.every(({ name }) => name !== null),
    () => false,
  );

const answer = async (request) => {
  const [path] = request.url.split('?', 1);
  if (path.endsWith('/health')) {
    const good = await ready();
    return { status: good ? 200 : 503, body: { status: good ? 'healthy' : 'unhealthy', version, service } };
  }
  const route = ROUTES[service][`${request.method} ${path}`];
  return route === undefined ? { status: 404, body: { error: 'not found' } } : route(request);
};

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  answer(request)
    .catch((error) => {
      console.error(error.message);
      return { status: 500, body: { error: 'internal error' } };
    })
    .then(({ status, body }) => {
      const text = JSON.stringify(body);
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'x-version': version,
      });
      response.end(text);
    });
});
server.listen(Number(env.PORT ?? 8080), env.HOST ?? '0.0.0.0');

// Requests in flight are finished; connections that rest are closed.
const stop = () => {
  server.close(() => void pool.end().then(() => process.exit(0)));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 4_000).unref();
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
