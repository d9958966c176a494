import { connect } from 'node:net';

/** A connection to the service `redis`: `call('LPUSH', key, value)` resolves to what it answers, as text or list. */
export const openRedis = (url = 'redis://redis:6379') => {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port) });
  const waiting = [];
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('error', (error) => waiting.shift()?.reject(error));
  socket.on('data', (chunk) => {
    pending += chunk;
    for (let answer = take(); answer !== undefined; answer = take()) waiting.shift()?.resolve(answer.value);
  });
  const take = () => {
    const simple = /^[+:-](.*)\r\n/.exec(pending);
    if (simple !== null) {
      pending = pending.slice(simple[0].length);
      return { value: simple[1] };
    }
    const none = /^[*$]-1\r\n/.exec(pending);
    if (none !== null) {
      pending = pending.slice(none[0].length);
      return { value: undefined };
    }
    const list = /^(?:\*\d+\r\n)?(?:\$\d+\r\n[^\r]*\r\n)+/.exec(pending);
    if (list === null) return undefined;
    pending = pending.slice(list[0].length);
    return { value: [...list[0].matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map((m) => m[1]) };
  };
  return {
    call: (...words) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        socket.write(
          `*${words.length}\r\n${words.map((w) => `$${Buffer.byteLength(w)}\r\n${w}\r\n`).join('')}`,
        );
      }),
    close: () => socket.destroy(),
  };
};
