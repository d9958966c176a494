import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createHash } from 'node:crypto';
import { digest, isAlgorithm, type Digest } from './checksums.ts';
import { badDigest, invalidRequest, notImplemented, S3Error } from './errors.ts';
import { ALGORITHMS, type Algorithm } from './types.ts';

export interface Received {
  readonly size: number;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksums: Partial<Record<Algorithm, string>>;
  /** Whether the client sent a checksum or an MD5 of its own; an object lock wants one. */
  readonly verified: boolean;
}

/** Called with the bytes so far; throws to cut the connection. */
export type Meter = (bytes: number) => void;

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};
const incomplete = (why: string): S3Error => new S3Error(400, 'IncompleteBody', why);

/** Splits a body in `aws-chunked` form into its data; the trailers land in `trailers`. */
export async function* decodeChunks(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  let state: 'size' | 'data' | 'end' | 'trailers' | 'done' = 'size';
  let left = 0;
  const line = (): string | undefined => {
    const at = pending.indexOf('\r\n');
    if (at < 0) {
      if (pending.length > 16_384) throw invalidRequest('A chunk header is too long.');
      return undefined;
    }
    const text = pending.toString('latin1', 0, at);
    pending = pending.subarray(at + 2);
    return text;
  };
  for await (const chunk of source) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      if (state === 'size') {
        const text = line();
        if (text === undefined) break;
        const match = /^([0-9a-f]+)(?:;.*)?$/i.exec(text);
        if (match?.[1] === undefined) throw invalidRequest('A chunk has no size.');
        left = Number.parseInt(match[1], 16);
        state = left === 0 ? 'trailers' : 'data';
      } else if (state === 'data') {
        if (pending.length === 0) break;
        const data = pending.subarray(0, left);
        left -= data.length;
        pending = pending.subarray(data.length);
        yield data;
        if (left === 0) state = 'end';
      } else if (state === 'end') {
        if (pending.length < 2) break;
        if (line() !== '') throw invalidRequest('A chunk is longer than its size.');
        state = 'size';
      } else if (state === 'trailers') {
        const text = line();
        if (text === undefined) break;
        const colon = text.indexOf(':');
        if (colon > 0) trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
        else if (text === '') state = 'done';
      } else {
        break;
      }
    }
  }
  if (state === 'size' || state === 'data' || state === 'end') {
    throw incomplete('The body ended before its last chunk.');
  }
}

const wantedAlgorithms = (request: IncomingMessage): Set<Algorithm> => {
  const wanted = new Set<Algorithm>();
  for (const name of Object.keys(request.headers)) {
    const match = /^x-amz-checksum-(?!mode$|algorithm$|type$)(.+)$/.exec(name)?.[1];
    if (match === undefined) continue;
    if (!isAlgorithm(match)) throw notImplemented(`the checksum ${match}`);
    wanted.add(match);
  }
  const trailer = /^x-amz-checksum-(.+)$/.exec(
    header(request, 'x-amz-trailer')?.trim().toLowerCase() ?? '',
  )?.[1];
  const named = header(request, 'x-amz-sdk-checksum-algorithm')?.toLowerCase();
  for (const name of [trailer, named]) {
    if (name === undefined) continue;
    if (!isAlgorithm(name)) throw notImplemented(`the checksum ${name}`);
    wanted.add(name);
  }
  return wanted;
};

/**
 * Streams a request's body into a new file and holds it against everything the client said about it: length,
 * Content-MD5, payload hash, checksum in a header or a trailer. The file is removed when anything disagrees.
 */
export const receive = async (request: IncomingMessage, file: string, meter: Meter): Promise<Received> => {
  const wanted = wantedAlgorithms(request);
  const trailers = new Map<string, string>();
  const payload = header(request, 'x-amz-content-sha256') ?? '';
  const chunked =
    payload.startsWith('STREAMING-') || (header(request, 'content-encoding') ?? '').includes('aws-chunked');
  const digests = new Map<Algorithm, Digest>([...wanted].map((a) => [a, digest(a)]));
  const md5 = createHash('md5');
  const plain = /^[0-9a-f]{64}$/.test(payload) ? createHash('sha256') : undefined;
  let size = 0;
  const out = createWriteStream(file, { flags: 'wx' });
  const failed = once(out, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => undefined);
  try {
    const source = request as AsyncIterable<Buffer>;
    for await (const chunk of chunked ? decodeChunks(source, trailers) : source) {
      size += chunk.length;
      meter(size);
      md5.update(chunk);
      plain?.update(chunk);
      for (const d of digests.values()) d.update(chunk);
      if (!out.write(chunk)) await Promise.race([once(out, 'drain'), failed]);
    }
    out.end();
    await Promise.race([once(out, 'close'), failed]);
    const checksums = Object.fromEntries([...digests].map(([a, d]) => [a, d.base64()]));
    const received: Received = {
      size,
      md5: md5.digest('hex'),
      checksums,
      verified: wanted.size > 0 || header(request, 'content-md5') !== undefined,
    };
    verify(request, received, trailers, plain?.digest('hex'), payload, chunked);
    return received;
  } catch (error) {
    // Gone only when it is closed: a file that is still being opened would appear after its removal.
    out.destroy();
    if (!out.closed) await once(out, 'close');
    rmSync(file, { force: true });
    throw error;
  }
};

const verify = (
  request: IncomingMessage,
  received: Received,
  trailers: ReadonlyMap<string, string>,
  sha256: string | undefined,
  payload: string,
  chunked: boolean,
): void => {
  const length = header(request, chunked ? 'x-amz-decoded-content-length' : 'content-length');
  if (length !== undefined && Number(length) !== received.size) {
    throw incomplete(`The body has ${received.size} bytes where ${length} were announced.`);
  }
  const md5 = header(request, 'content-md5');
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').length !== 16)
      throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.');
    if (Buffer.from(md5, 'base64').toString('hex') !== received.md5) throw badDigest('Content-MD5');
  }
  if (sha256 !== undefined && sha256 !== payload) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'The payload hash does not match what was received.');
  }
  const announced = header(request, 'x-amz-trailer')?.trim().toLowerCase();
  if (announced !== undefined && !trailers.has(announced)) {
    throw new S3Error(
      400,
      'MalformedTrailerError',
      `The trailer ${announced} was announced and did not come.`,
    );
  }
  for (const algorithm of ALGORITHMS) {
    const name = `x-amz-checksum-${algorithm}`;
    const said = header(request, name) ?? trailers.get(name);
    if (said !== undefined && said !== received.checksums[algorithm])
      throw badDigest(algorithm.toUpperCase());
  }
};

/** A small body (XML, JSON) as text; checked like any other. */
export const receiveText = async (request: IncomingMessage, limit = 4 * 1024 * 1024): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  const trailers = new Map<string, string>();
  const source = request as AsyncIterable<Buffer>;
  const chunked = (header(request, 'x-amz-content-sha256') ?? '').startsWith('STREAMING-');
  for await (const chunk of chunked ? decodeChunks(source, trailers) : source) {
    size += chunk.length;
    if (size > limit) throw new S3Error(400, 'EntityTooLarge', 'The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
