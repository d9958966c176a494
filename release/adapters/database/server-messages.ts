/**
 * Hands out what a PostgreSQL server sends to a client library that cannot be told "nothing there yet": the
 * connection behind `fill` blocks.
 *
 * libpq, having read more than 32 KiB, asks again and expects "nothing there" sooner or later. Blocking is harmless
 * while the server still has something to say, and it falls silent only after ReadyForQuery. So the messages are
 * followed, and between a ReadyForQuery and the client's next request the answer is 0.
 */
export interface ServerMessages {
  /** Fills `into` as far as there are bytes; 0 when the server waits for the client, or has gone. May block. */
  read(into: Uint8Array): number;
  /** The client has sent something: the server will answer. */
  sent(): void;
}

const READY_FOR_QUERY = 0x5a;
/** A message begins with its type and its length. */
const HEADER = 5;

export const serverMessages = (fill: (buffer: Uint8Array) => number): ServerMessages => {
  const buffer = Buffer.alloc(64 * 1024);
  let start = 0;
  let end = 0;
  /** Bytes of the current message that have not been handed out, and whether it is ReadyForQuery. */
  let left = 0;
  let last = false;
  let waiting = false;
  const refill = (atLeast: number): void => {
    if (end - start >= atLeast) return;
    buffer.copyWithin(0, start, end);
    end -= start;
    start = 0;
    while (end < atLeast) {
      const got = fill(buffer.subarray(end));
      if (got === 0) return;
      end += got;
    }
  };
  /** How many of the buffered bytes go together: not past a ReadyForQuery, and no torn header. */
  const portion = (limit: number): number => {
    let length = 0;
    for (;;) {
      const step = Math.min(left, limit - length, end - start - length);
      length += step;
      left -= step;
      if (left === 0 && last) {
        last = false;
        waiting = true;
        return length;
      }
      if (left > 0 || length >= limit || end - start - length < HEADER) return length;
      const at = start + length;
      last = buffer[at] === READY_FOR_QUERY;
      left = 1 + buffer.readUInt32BE(at + 1);
    }
  };
  return {
    sent: () => void (waiting = false),
    read: (into) => {
      if (waiting) return 0;
      refill(left > 0 ? 1 : HEADER);
      // A connection that ends inside a header: what there is goes out as it is.
      const torn = left === 0 && end - start < HEADER;
      const length = torn ? Math.min(into.length, end - start) : portion(into.length);
      into.set(buffer.subarray(start, start + length));
      start += length;
      return length;
    },
  };
};
