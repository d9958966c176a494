import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** Which uploads a fault meets: those to this bucket and below this key prefix; all when left out. */
export interface Target {
  readonly bucket?: string;
  readonly prefix?: string;
}

/** Switches for what can go wrong with an object store. Each stays on until `clear()`, unless it says how often. */
export interface Faults {
  /** Connections are closed without an answer, for `ms` or until `clear()`. */
  unreachable(ms?: number): void;
  /** Uploads lose their connection after this many bytes of the body. */
  cutUploads(afterBytes: number, options?: Target & { readonly times?: number }): void;
  /** One byte in the middle of what is uploaded next is flipped on its way to the disk; answers and checksums do not tell. */
  corruptUploads(options?: Target & { readonly times?: number }): void;
  /** Every answer waits this long. */
  delay(ms: number): void;
  clear(): void;
}

interface Upload {
  readonly target: Target;
  left: number;
}
export interface FaultState extends Faults {
  isUnreachable(): boolean;
  delayMs(): number;
  /** How many bytes of this upload arrive before the connection is cut; undefined: all. */
  cutAfter(bucket: string, key: string): number | undefined;
  /** Damages the stored file, if such a fault waits for it. */
  damage(bucket: string, key: string, file: string): void;
}

const meets = (fault: Upload | undefined, bucket: string, key: string): boolean =>
  fault !== undefined &&
  fault.left > 0 &&
  (fault.target.bucket ?? bucket) === bucket &&
  key.startsWith(fault.target.prefix ?? '');

export const faultState = (now: () => number): FaultState => {
  let unreachableUntil = 0;
  let delayMs = 0;
  let cut: (Upload & { afterBytes: number }) | undefined;
  let corrupt: Upload | undefined;
  return {
    unreachable: (ms = Number.POSITIVE_INFINITY) => void (unreachableUntil = now() + ms),
    cutUploads: (afterBytes, { times = Number.POSITIVE_INFINITY, ...target } = {}) =>
      void (cut = { target, left: times, afterBytes }),
    corruptUploads: ({ times = Number.POSITIVE_INFINITY, ...target } = {}) =>
      void (corrupt = { target, left: times }),
    delay: (ms) => void (delayMs = ms),
    clear: () => {
      unreachableUntil = 0;
      delayMs = 0;
      cut = undefined;
      corrupt = undefined;
    },
    isUnreachable: () => now() < unreachableUntil,
    delayMs: () => delayMs,
    cutAfter: (bucket, key) => {
      if (cut === undefined || !meets(cut, bucket, key)) return undefined;
      cut.left -= 1;
      return cut.afterBytes;
    },
    damage: (bucket, key, file) => {
      if (corrupt === undefined || !meets(corrupt, bucket, key)) return;
      corrupt.left -= 1;
      flipByte(file);
    },
  };
};

/** Flips one byte in the middle of a file; an empty file stays as it is. */
export const flipByte = (file: string): void => {
  const handle = openSync(file, 'r+');
  try {
    const { size } = fstatSync(handle);
    if (size === 0) return;
    const at = Math.floor(size / 2);
    const byte = Buffer.alloc(1);
    readSync(handle, byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 0xff;
    writeSync(handle, byte, 0, 1, at);
  } finally {
    closeSync(handle);
  }
};
