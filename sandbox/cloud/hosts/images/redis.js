// Stands for Redis: the few commands that a queue and a cache use, in memory, with its wire format.
import { createServer } from 'node:net';

const values = new Map();
/** Clients that wait for a list to fill: key → functions that take its element. */
const waiting = new Map();

const simple = (text) => `+${text}\r\n`;
const number = (n) => `:${n}\r\n`;
const bulk = (text) => (text === undefined ? '$-1\r\n' : `$${Buffer.byteLength(text)}\r\n${text}\r\n`);
const array = (list) => (list === undefined ? '*-1\r\n' : `*${list.length}\r\n${list.map(bulk).join('')}`);

const listOf = (key) => {
  const list = values.get(key);
  if (Array.isArray(list)) return list;
  const made = [];
  values.set(key, made);
  return made;
};

const push = (key, added) => {
  for (const value of added) {
    const taker = waiting.get(key)?.shift();
    if (taker === undefined) listOf(key).unshift(value);
    else taker(value);
  }
  return number(listOf(key).length);
};

const blockingPop = (key, seconds, reply) => {
  const value = listOf(key).pop();
  if (value !== undefined) return reply(array([key, value]));
  const queue = waiting.get(key) ?? [];
  waiting.set(key, queue);
  const give = (given) => {
    clearTimeout(timer);
    reply(array([key, given]));
  };
  const timer = setTimeout(
    () => {
      queue.splice(queue.indexOf(give), 1);
      reply(array(undefined));
    },
    Number(seconds) * 1000 || 86_400_000,
  );
  queue.push(give);
};

const COMMANDS = {
  PING: () => simple('PONG'),
  SET: ([key, value]) => (values.set(key, value), simple('OK')),
  GET: ([key]) => bulk(values.get(key)),
  DEL: (keys) => number(keys.filter((key) => values.delete(key)).length),
  INCR: ([key]) => {
    const next = Number(values.get(key) ?? 0) + 1;
    values.set(key, String(next));
    return number(next);
  },
  LPUSH: ([key, ...added]) => push(key, added),
  LLEN: ([key]) => number(listOf(key).length),
};

/** Complete commands at the start of a buffer, and what is left of it. */
const parse = (text) => {
  const commands = [];
  let rest = text;
  for (;;) {
    const head = /^\*(\d+)\r\n/.exec(rest);
    if (head === null) return { commands, rest };
    let at = head[0].length;
    const words = [];
    for (let i = 0; i < Number(head[1]); i++) {
      const size = /^\$(\d+)\r\n/.exec(rest.slice(at));
      if (size === null || rest.length < at + size[0].length + Number(size[1]) + 2) return { commands, rest };
      at += size[0].length;
      words.push(rest.slice(at, at + Number(size[1])));
      at += Number(size[1]) + 2;
    }
    commands.push(words);
    rest = rest.slice(at);
  }
};

createServer((socket) => {
  let pending = '';
  socket.setEncoding('latin1');
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const { commands, rest } = parse(pending + chunk);
    pending = rest;
    for (const [name = '', ...args] of commands) {
      const reply = (text) => socket.destroyed || socket.write(text, 'latin1');
      const command = COMMANDS[name.toUpperCase()];
      if (name.toUpperCase() === 'BRPOP') blockingPop(args[0], args[1], reply);
      else reply(command === undefined ? `-ERR unknown command '${name}'\r\n` : command(args));
    }
  });
}).listen(6379);

process.on('SIGTERM', () => process.exit(0));
