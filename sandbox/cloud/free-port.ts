import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: those are in use by the thousand under traffic. */
const LOWEST = 10_240;
const HIGHEST = 32_767;
const TRIES = 50;

/** Given out lately by this process, and perhaps not yet listened on. */
const given = new Set<number>();

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      server.close(() => resolve(true));
    });
  });

/** A free loopback port. Another process may take it before it is used: who starts there must cope with a crash. */
export const freePort = async (): Promise<number> => {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    // Long ago means listened on or never wanted.
    if (given.size > 1_000) given.clear();
    given.add(port);
    return port;
  }
  throw new Error(`none of ${TRIES} ports between ${LOWEST} and ${HIGHEST} is free`);
};
