import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ExpectedError, EXIT, messageOf } from '../../../lib/errors.ts';
import { type Address, describeAddress } from './address.ts';

/** A PostgreSQL client asks for TLS in clear text first: length 8, code 80877103. */
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

const unreachable = (address: Address, error: unknown): ExpectedError =>
  new ExpectedError(`the database ${describeAddress(address)} cannot be reached: ${messageOf(error)}`, {
    exit: EXIT.personNeeded,
    cause: error,
  });

/** A connection to the server, encrypted when the address asks for it, ready for a client's start-up message. */
export const connectWire = async (address: Address, signal: AbortSignal): Promise<Socket> => {
  const socket = connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true });
  try {
    await once(socket, 'connect', { signal });
    if (address.tls === undefined) return socket;
    socket.write(TLS_REQUEST);
    const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
    if (answer.toString('latin1') !== 'S') throw new Error('the server does not speak TLS');
    const secure = connectTls({
      socket,
      ...(/^[\d.:]+$/.test(address.host) ? {} : { servername: address.host }),
      rejectUnauthorized: address.tls.verify,
      ...(address.tls.ca === undefined ? {} : { ca: address.tls.ca }),
    });
    await once(secure, 'secureConnect', { signal });
    return secure;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw signal.reason;
    throw unreachable(address, error);
  }
};
