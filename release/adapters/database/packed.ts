import { createHash } from 'node:crypto';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Dump } from './dump.ts';

/** What went through a stream. */
export interface Measure {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

const meter = (): { through: Transform; readonly measure: () => Measure } => {
  const hash = createHash('sha256');
  let size = 0;
  return {
    through: new Transform({
      highWaterMark: 256 * 1024,
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk);
        size += chunk.length;
        done(undefined, chunk);
      },
    }),
    measure: () => ({ sha256: hash.digest('hex'), size }),
  };
};

export interface Packed {
  readonly packed: Measure;
  readonly uncompressedSize: number;
}

/** The level at which compression keeps pace with pg_dump; higher ones save little and cost double. */
const LEVEL = 4;

/**
 * Compresses a dump on its way to `use`. The stream that `use` reads ends only after pg_dump has ended well:
 * otherwise it fails, so that half a dump is never taken for a whole one.
 */
export const packDump = async <T>(
  dump: Dump,
  signal: AbortSignal,
  use: (body: Readable) => Promise<T>,
): Promise<Packed & { readonly result: T }> => {
  let uncompressedSize = 0;
  const source = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of dump.stream as AsyncIterable<Buffer>) {
      uncompressedSize += chunk.length;
      yield chunk;
    }
    await dump.done;
  };
  const { through, measure } = meter();
  const body = new PassThrough({ highWaterMark: 256 * 1024 });
  const gzip = createGzip({ level: LEVEL, chunkSize: 128 * 1024 });
  const stop = new AbortController();
  const flow = pipeline(source, gzip, through, body, { signal: AbortSignal.any([signal, stop.signal]) });
  const used = use(body).catch((error: unknown) => {
    // Nobody reads any more: pg_dump would wait for ever.
    stop.abort(error);
    throw error;
  });
  const [flowed, taken] = await Promise.allSettled([flow, used]);
  signal.throwIfAborted();
  // What pg_dump said is the cause; that the upload ended early is only its consequence.
  if (flowed.status === 'rejected' && !stop.signal.aborted) throw flowed.reason;
  if (taken.status === 'rejected') throw taken.reason;
  if (flowed.status === 'rejected') throw flowed.reason;
  return { packed: measure(), uncompressedSize, result: taken.value };
};

/** Reads a compressed dump to its end and measures it, without unpacking. */
export const measureStream = async (body: Readable, signal: AbortSignal): Promise<Measure> => {
  const { through, measure } = meter();
  through.resume();
  await pipeline(body, through, { signal });
  return measure();
};

/** Unpacks a dump for `use`, and measures the packed bytes on the way. */
export const unpackDump = async <T>(
  body: Readable,
  signal: AbortSignal,
  use: (plain: AsyncIterable<Buffer>) => Promise<T>,
): Promise<{ readonly packed: Measure; readonly result: T }> => {
  const { through, measure } = meter();
  const gunzip = createGunzip({ chunkSize: 128 * 1024 });
  const result: T[] = [];
  await pipeline(
    body,
    through,
    gunzip,
    async (plain: AsyncIterable<Buffer>) => {
      result.push(await use(plain));
    },
    { signal },
  );
  return { packed: measure(), result: result[0] as T };
};
