import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ALGORITHMS, type Algorithm } from './types.ts';

export interface Digest {
  update(chunk: Uint8Array): void;
  base64(): string;
}

/** Castagnoli polynomial, reflected. */
const CRC32C = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

export const crc32c = (data: Uint8Array, start = 0): number => {
  let crc = ~start;
  for (const byte of data) crc = (crc >>> 8) ^ (CRC32C[(crc ^ byte) & 255] ?? 0);
  return ~crc >>> 0;
};

const crcDigest = (step: (data: Uint8Array, value: number) => number): Digest => {
  let value = 0;
  return {
    update: (chunk) => void (value = step(chunk, value)),
    base64: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes.toString('base64');
    },
  };
};
const hashDigest = (name: string): Digest => {
  const hash: Hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), base64: () => hash.digest('base64') };
};

export const digest = (algorithm: Algorithm | 'md5'): Digest => {
  switch (algorithm) {
    case 'crc32':
      return crcDigest((data, value) => crc32(data, value));
    case 'crc32c':
      return crcDigest(crc32c);
    case 'sha1':
    case 'sha256':
    case 'md5':
      return hashDigest(algorithm);
    default:
      return algorithm satisfies never;
  }
};

/** The checksum of the parts' checksums, as S3 gives it to a multipart object. */
export const composite = (algorithm: Algorithm, parts: readonly string[]): string => {
  const whole = digest(algorithm);
  for (const part of parts) whole.update(Buffer.from(part, 'base64'));
  return `${whole.base64()}-${parts.length}`;
};

export const isAlgorithm = (name: string): name is Algorithm =>
  (ALGORITHMS as readonly string[]).includes(name);
