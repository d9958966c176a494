/**
 * Preloaded into every process of a container. On a real host each container has an address of its own and finds the
 * others by name; here all share the loopback address. So `listen(8000)` listens on the port that this container was
 * given for 8000, and `connect(5432, 'db')` goes to the port that the service `db` was given.
 */
import net from 'node:net';

/** `own`: port inside → port of this machine. `others`: `name:port` → port of this machine. */
const { own = {}, others = {} } = JSON.parse(process.env.SANDBOX_PORTS ?? '{}');

const inside = (options) => {
  const host = options.host ?? 'localhost';
  const here = host === 'localhost' || host === '127.0.0.1' || host === '::1';
  const port = here ? own[options.port] : others[`${host}:${options.port}`];
  return port === undefined ? options : { ...options, host: '127.0.0.1', port };
};

// oxlint-disable-next-line typescript/unbound-method -- always called with the socket or server as `this`
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  // Node itself hands over its normalised arguments as one array.
  const [first] = args;
  if (Array.isArray(first)) {
    if (typeof first[0] === 'object') first[0] = inside(first[0]);
    return connect.call(this, first);
  }
  if (typeof first === 'object' && first !== null) return connect.call(this, inside(first), ...args.slice(1));
  if (!/^\d+$/.test(String(first))) return connect.apply(this, args);
  const [host, ...rest] = typeof args[1] === 'string' ? args.slice(1) : [undefined, ...args.slice(1)];
  return connect.call(this, inside({ port: Number(first), host }), ...rest);
};

// oxlint-disable-next-line typescript/unbound-method -- always called with the socket or server as `this`
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...args) {
  const options = typeof args[0] === 'object' && args[0] !== null ? args[0] : { port: args[0] };
  const callback = args.find((a) => typeof a === 'function');
  if (!/^\d+$/.test(String(options.port))) return listen.apply(this, args);
  const port = own[options.port] ?? 0;
  return listen.call(this, { host: '127.0.0.1', port }, callback);
};
