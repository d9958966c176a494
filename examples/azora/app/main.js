// One of Azora's four services, chosen by SERVICE. Plain node:http; the database only where it is used.
import { createServer } from 'node:http';
import { readFaults } from './faults.js';
import { openDatabase } from './database.js';
import { routesOf } from './routes.js';

const service = process.env.SERVICE ?? 'api-gateway';
const faults = readFaults(process.env);
const version = faults.version ?? (process.env.SLUICE_VERSION ?? '0.0.0').replace(/^v/, '');
const startedAt = Date.now();

if (faults.crash) {
  console.error('fatal: configuration key AZORA_FEATURES is malformed');
  process.exit(1);
}

const database = await openDatabase(service, process.env.DATABASE_URL);
const routes = routesOf(service, { database, version });

const health = async (request) => {
  if (request.url.endsWith('/readiness')) {
    const ready = await database.ready();
    return {
      status: ready ? 200 : 503,
      body: { status: ready ? 'ready' : 'not ready', checks: { database: ready } },
    };
  }
  if (request.url.endsWith('/liveness')) return { status: 200, body: { status: 'alive' } };
  if (request.url.endsWith('/startup')) return { status: 200, body: { status: 'started' } };
  if (faults.exhausted())
    return { status: 503, body: { status: 'unhealthy', version, service, reason: 'no free connection' } };
  const uptime = Math.round((Date.now() - startedAt) / 1000);
  return { status: 200, body: { status: 'healthy', version, service, uptime } };
};

const answer = async (request) => {
  const [path] = request.url.split('?', 1);
  if (/\/health(\/\w+)?$/.test(path)) return health(request);
  const broken = await faults.meet(path);
  if (broken !== undefined) return broken;
  const route = routes[`${request.method} ${path}`];
  return route === undefined ? { status: 404, body: { error: 'not found' } } : route(request);
};

const send = (response, { status, body }) => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-version': version,
    'x-service': service,
  });
  response.end(text);
};

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  answer(request).then(
    (result) => send(response, result),
    (error) => {
      console.error(error);
      send(response, { status: 500, body: { error: 'internal error' } });
    },
  );
});

const port = Number(process.env.PORT ?? 8080);
server.listen(port, process.env.HOST ?? '0.0.0.0', () => {
  const startedMs = Math.round(process.uptime() * 1000);
  console.log(
    JSON.stringify({ at: new Date().toISOString(), message: 'listening', service, version, port, startedMs }),
  );
});

// Requests in flight are finished; connections that rest are closed.
const stop = () => {
  server.close(() => {
    void database.close().then(() => process.exit(0));
  });
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 4_000).unref();
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
