// THE_BOT in small. One program in four roles, as its images are: backend, frontend, worker, beat; and two commands
// that run inside the backend's container: migrate, collectstatic.
const [role = process.env.SERVICE ?? 'backend'] = process.argv.slice(2);

if (process.env.FAULT_CRASH === '1' && role === 'backend') {
  console.error('django.core.exceptions.ImproperlyConfigured: SECRET_KEY must not be empty');
  process.exit(1);
}

const ROLES = {
  backend: async () => (await import('./backend.js')).start(),
  frontend: async () => (await import('./frontend.js')).start(),
  worker: async () => (await import('./worker.js')).work(),
  beat: async () => (await import('./worker.js')).beat(),
  migrate: async () => (await import('./migrate.js')).migrate(),
  collectstatic: async () => (await import('./static.js')).collect(),
};

const start = ROLES[role];
if (start === undefined) throw new Error(`role ${role}: allowed are ${Object.keys(ROLES).join(', ')}`);
await start();
