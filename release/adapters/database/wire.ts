import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Transform } from 'node:stream';
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

const AUTHENTICATION = 0x52;
const SASL = 10;
const BINDING = Buffer.from('SCRAM-SHA-256-PLUS\0');

/**
 * Takes channel binding out of what the server offers: a client that does not see the TLS connection cannot bind to
 * it, and libpq takes the offer for an attack. The password is still proven, and the server verified, by TLS.
 */
export const withoutChannelBinding = (): Transform => {
  let head: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (head === undefined) {
        done(undefined, chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const length = head.length < 5 ? Number.POSITIVE_INFINITY : 1 + head.readUInt32BE(1);
      // The offer is the server's first message, and a short one; anything else goes through as it is.
      if (head[0] === AUTHENTICATION && head.length < Math.min(length, 1024)) {
        done();
        return;
      }
      const first = head;
      head = undefined;
      done(undefined, withoutOffer(first, length));
    },
    flush(done) {
      done(undefined, head ?? Buffer.alloc(0));
    },
  });
};

const withoutOffer = (bytes: Buffer, length: number): Buffer => {
  const message = bytes.subarray(0, Math.min(length, bytes.length));
  const isOffer = message[0] === AUTHENTICATION && message.length >= 9 && message.readUInt32BE(5) === SASL;
  const at = isOffer ? message.indexOf(BINDING) : -1;
  if (at < 0) return bytes;
  const shorter = Buffer.concat([message.subarray(0, at), message.subarray(at + BINDING.length)]);
  shorter.writeUInt32BE(shorter.length - 1, 1);
  return Buffer.concat([shorter, bytes.subarray(message.length)]);
};
