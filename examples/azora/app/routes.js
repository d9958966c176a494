import { createHmac, randomUUID } from 'node:crypto';

const ok = (body) => ({ status: 200, body });

const sessionKey = process.env.JWT_SECRET ?? 'sandbox-only';
const signed = (user) => {
  const payload = Buffer.from(JSON.stringify({ user, id: randomUUID() })).toString('base64url');
  return `${payload}.${createHmac('sha256', sessionKey).update(payload).digest('base64url')}`;
};

const bodyOf = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
};

const gateway = ({ version }) => ({
  'GET /api/': () =>
    Promise.resolve(ok({ name: 'azora', version, services: ['auth', 'education', 'marketplace'] })),
  'GET /api/status': () => Promise.resolve(ok({ status: 'operational', version })),
});

const auth = () => ({
  'GET /auth/session': () => Promise.resolve(ok({ authenticated: false })),
  'POST /auth/session': async (request) => {
    const text = await bodyOf(request);
    const { user } = text === '' ? {} : JSON.parse(text);
    if (typeof user !== 'string') return { status: 400, body: { error: 'user is missing' } };
    return { status: 201, body: { token: signed(user) } };
  },
});

// From version 2 on courses have a level and listings a currency: columns that v2's migration adds.
const education = ({ database, version }) => {
  const columns = Number.parseInt(version, 10) >= 2 ? 'id, title, teacher, level' : 'id, title, teacher';
  return {
    'GET /api/education/courses': async () => {
      if (database.query === undefined) return ok({ courses: [] });
      return ok({
        courses: await database.query('courses', `select ${columns} from courses order by id limit 10`),
      });
    },
  };
};

const marketplace = ({ database, version }) => {
  const columns = Number.parseInt(version, 10) >= 2 ? 'id, title, price, currency' : 'id, title, price';
  return {
    'GET /api/marketplace/listings': async () => {
      if (database.query === undefined) return ok({ listings: [] });
      return ok({
        listings: await database.query('listings', `select ${columns} from listings order by id limit 10`),
      });
    },
  };
};

const SERVICES = {
  'api-gateway': gateway,
  'auth-service': auth,
  'education-service': education,
  'marketplace-service': marketplace,
};

/** `METHOD /path` → handler. */
export const routesOf = (service, parts) => {
  const routes = SERVICES[service];
  if (routes === undefined)
    throw new Error(`SERVICE=${service}: allowed are ${Object.keys(SERVICES).join(', ')}`);
  return routes(parts);
};
