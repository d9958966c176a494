import { serve, version } from './http.js';

const page = `<!doctype html><title>THE_BOT ${version}</title><div id="root"></div>\n`;

/** The stand-in for the React build: one page. */
export const start = () =>
  serve(3000, (request) =>
    Promise.resolve(
      request.url === '/health'
        ? { status: 200, body: { status: 'healthy', version, service: 'frontend' } }
        : { status: 200, type: 'text/html', body: page },
    ),
  );
