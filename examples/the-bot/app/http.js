import { createServer } from 'node:http';

/** `FAULT_VERSION`: a build that carries the wrong number. */
export const version = process.env.FAULT_VERSION ?? (process.env.SLUICE_VERSION ?? '0.0.0').replace(/^v/, '');

/** Serves `answer(request)` → `{status, type?, headers?, body}` until SIGTERM; requests in flight are finished. */
export const serve = (port, answer, close = () => Promise.resolve()) => {
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    answer(request).then(
      ({ status, type = 'application/json', headers = {}, body = '' }) => {
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        response.writeHead(status, {
          'content-type': type,
          'content-length': Buffer.byteLength(text),
          'x-version': version,
          ...headers,
        });
        response.end(request.method === 'HEAD' ? undefined : text);
      },
      (error) => {
        console.error(error);
        response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"internal error"}');
      },
    );
  });
  server.listen(port, () =>
    console.log(
      JSON.stringify({ message: 'listening', port, version, startedMs: Math.round(process.uptime() * 1000) }),
    ),
  );
  const stop = () => {
    server.close(() => void close().then(() => process.exit(0)));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 4_000).unref();
  };
  process.on('SIGTERM', stop);
};
