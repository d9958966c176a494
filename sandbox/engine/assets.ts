import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Props } from '../provider/contract.ts';
import { unsupported } from './goal.ts';
import { SIGNATURE, isRecord, rewrite } from './values.ts';

const ASSET = 'c44067f5952c0a294b673a41bacd8c17';
const ARCHIVE = '0def7320c3a5731c473e5ecbe6d01bc7';

const sha256 = (...parts: (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** Content of a file, or of every file of a folder under its name. */
const hashPath = (path: string): string => {
  if (!statSync(path).isDirectory()) return sha256(readFileSync(path));
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort();
  return sha256(...files.map((file) => `${file.slice(path.length)}\0${hashPath(file)}\0`));
};

const hashed = (value: Props, where: string): Props => {
  const signature = value[SIGNATURE];
  const { path, text, assets, uri } = value;
  if (uri !== undefined) throw unsupported('assets from the network', where);
  if (isRecord(assets)) {
    const inside = withHashes(assets, where);
    return { [SIGNATURE]: signature, hash: sha256(JSON.stringify(inside)), assets: inside };
  }
  if (typeof text === 'string') return { [SIGNATURE]: signature, hash: sha256(text), text };
  if (typeof path === 'string') return { [SIGNATURE]: signature, hash: hashPath(path), path };
  throw unsupported('an asset without path or text', where);
};

/**
 * Inputs in which every asset and archive carries the hash of its content, so that a handler sees a changed file as a
 * changed input. Throws when a file cannot be read.
 */
export const withHashes = (inputs: Props, where: string): Props =>
  rewrite(inputs, (value) =>
    isRecord(value) && (value[SIGNATURE] === ASSET || value[SIGNATURE] === ARCHIVE)
      ? hashed(value, where)
      : value,
  ) as Props;
