import { openDatabase } from './database.js';
import { serve, version } from './http.js';
import { pending } from './migrate.js';
import { openRedis } from './redis.js';
import { readStatic } from './static.js';

const json = (status, body, headers = {}) => ({ status, body, headers });

/** The stand-in for Django: its addresses, its database, its queue. */
export const start = () => {
  const database = openDatabase();
  const queue = openRedis(process.env.CELERY_BROKER_URL);
  const unhealthy = process.env.FAULT_UNHEALTHY === '1';
  // Healthy all the same: only a test that asks without a login sees it.
  const open = process.env.FAULT_OPEN === '1';

  const ready = async () => {
    const open = await pending(database).catch((error) => [{ name: error.message }]);
    const queued = await queue.call('PING').catch(() => 'no answer');
    const well = open.length === 0 && queued === 'PONG';
    return json(well ? 200 : 503, {
      status: well ? 'ready' : 'not ready',
      database: open.length === 0 ? 'ok' : `pending: ${open.map(({ name }) => name).join(', ')}`,
      redis: queued,
    });
  };
  // From version 2 on lessons have a level: a column that version 2's migration adds, after the start.
  const lessons = async () => {
    const level = Number.parseInt(version, 10) >= 2 ? ', level' : '';
    const { rows } = await database.query(`select id, title${level} from lessons order by id limit 10`);
    return json(200, { lessons: rows });
  };
  const routes = {
    'GET /api/system/health/': () =>
      Promise.resolve(
        unhealthy
          ? json(503, { status: 'unhealthy', version })
          : json(200, { status: 'healthy', version, service: 'backend' }),
      ),
    'GET /api/system/readiness/': ready,
    'GET /api/lessons/': lessons,
    'POST /api/lessons/1/done/': async () => {
      await queue.call('LPUSH', 'celery', '1');
      return json(202, { queued: true });
    },
    'POST /api/auth/login/': () =>
      Promise.resolve(json(400, { error: 'user name and password are missing' })),
    'GET /api/auth/login/': () => Promise.resolve(json(405, { error: 'only POST' }, { allow: 'POST' })),
    'GET /api/profile/': () =>
      Promise.resolve(open ? json(200, { name: 'somebody else' }) : json(401, { error: 'login is missing' })),
    'GET /api/static/admin/base.css': () => {
      const text = readStatic();
      return Promise.resolve(
        text === undefined ? json(404, {}) : { status: 200, type: 'text/css', body: text },
      );
    },
  };
  const allowed = (request) =>
    request.headers.origin !== undefined && request.headers.origin === process.env.FRONTEND_URL
      ? { 'access-control-allow-origin': request.headers.origin, vary: 'Origin' }
      : {};
  const answer = async (request) => {
    const [path] = request.url.split('?', 1);
    if (request.method === 'OPTIONS') return { status: 204, headers: allowed(request) };
    const route = routes[`${request.method === 'HEAD' ? 'GET' : request.method} ${path}`];
    const answered = route === undefined ? json(404, { error: 'not found' }) : await route();
    return { ...answered, headers: { ...answered.headers, ...allowed(request) } };
  };
  serve(8000, answer, async () => {
    queue.close();
    await database.end();
  });
};
