// Running-app's two services, chosen by SERVICE: `api` keeps runs in PostgreSQL, `web` is the page.
import { createServer } from 'node:http';

const { env } = process;
const service = env.SERVICE ?? 'api';
const version = (env.SLUICE_VERSION ?? '0.0.0').replace(/^v/, '');
const startedAt = Date.now();
// What a faulty build does wrong, so that it is an image of its own.
const faults = {
  errors: Number(env.FAULT_ERRORS ?? 0),
  paths: new Set((env.FAULT_PATHS ?? '').split(',').filter((path) => path !== '')),
};
if (env.FAULT_CRASH === '1') {
  console.error('fatal: configuration key PACE_UNIT is malformed');
  process.exit(1);
}

const openPool = async () => {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 4, connectionTimeoutMillis: 3_000 });
  // A connection that breaks while it rests is replaced by the next query.
  pool.on('error', (error) => console.error(error.message));
  return pool;
};
const pool = service === 'api' && env.DATABASE_URL !== undefined ? await openPool() : undefined;
const rows = async (text, values) => (pool === undefined ? [] : (await pool.query(text, values)).rows);

const ok = (body, status = 200) => ({ status, type: 'application/json', text: JSON.stringify(body) });

const readBody = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
};

// Version 1.1 knows how long a run took; the column is new and may be empty, so version 1.0 goes on beside it.
const paced = Number(version.split('.')[1] ?? 0) >= 1;

const API = {
  'GET /api/runs': async () =>
    ok({
      runs: await rows(`select runner, km${paced ? ', minutes' : ''} from runs order by id desc limit 20`),
    }),
  'GET /api/leaderboard': async () =>
    ok({
      leaders: await rows('select runner, sum(km) as km from runs group by runner order by 2 desc limit 5'),
    }),
  'POST /api/runs': async (request) => {
    const { runner, km } = await readBody(request);
    if (typeof runner !== 'string' || !(km > 0)) return ok({ error: 'runner and km are wanted' }, 400);
    await rows('insert into runs (runner, km) values ($1, $2)', [runner, km]);
    return ok({ saved: true }, 201);
  },
};

const PAGE = `<!doctype html><title>Running-app</title><h1>Running-app ${version}</h1><p>Your runs, your pace.</p>`;
const WEB = {
  'GET /': async () => ({ status: 200, type: 'text/html', text: PAGE }),
  'GET /static/app.css': async () => ({ status: 200, type: 'text/css', text: 'h1 { font-weight: 600 }' }),
};
const routes = service === 'api' ? API : WEB;

const health = async (path) => {
  if (!path.endsWith('/readiness'))
    return ok({ status: 'healthy', version, service, uptime: Math.round((Date.now() - startedAt) / 1000) });
  const ready = await rows('select 1').then(
    () => true,
    () => false,
  );
  return ok({ status: ready ? 'ready' : 'not ready' }, ready ? 200 : 503);
};

const answer = async (request) => {
  const [path] = request.url.split('?', 1);
  if (/\/health(\/\w+)?$/.test(path)) return health(path);
  if (faults.paths.has(path) || Math.random() < faults.errors) return ok({ error: 'internal error' }, 500);
  return routes[`${request.method} ${path}`]?.(request) ?? ok({ error: 'not found' }, 404);
};

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  answer(request)
    .catch((error) => {
      console.error(error);
      return ok({ error: 'internal error' }, 500);
    })
    .then(({ status, type, text }) => {
      response.writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(text),
        'x-version': version,
      });
      response.end(text);
    });
});
server.listen(Number(env.PORT ?? 8080), env.HOST ?? '0.0.0.0', () =>
  console.log(JSON.stringify({ message: 'listening', service, version })),
);

// Requests in flight are finished; connections that rest are closed.
const stop = () => {
  server.close(() => void (pool?.end() ?? Promise.resolve()).then(() => process.exit(0)));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 4_000).unref();
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
