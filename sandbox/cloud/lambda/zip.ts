import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { CloudError } from '../options.ts';

/** What Lambda takes code as: zip archives, as far as they are used for it (no encryption, no zip64). */

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const DEFLATE = 8;
/** 1980-01-01: the same files are the same bytes, and so the same digest, whenever they were packed. */
const DATE = 0x21;
/** Regular file, readable by everybody. */
const MODE = 0o100644 << 16;
const UNPACKED_LIMIT = 250 * 1_048_576;

/** Path in the archive → content. Packs in the order of the names. */
export const zip = (files: Readonly<Record<string, Uint8Array>>): Buffer => {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content, { level: 9 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(DEFLATE, 4);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(LOCAL);
    const entry = Buffer.alloc(6);
    entry.writeUInt32LE(CENTRAL);
    entry.writeUInt16LE((3 << 8) | 20, 4);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(MODE >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    parts.push(head, common, name, packed);
    central.push(entry, common, tail, name);
    offset += head.length + common.length + name.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
};

const refuse = (why: string): CloudError =>
  new CloudError('InvalidParameterValueException', `could not unzip the uploaded file: ${why}`);

/** A path that stays below the folder it is unpacked into. */
const safe = (path: string): string => {
  if (path.startsWith('/') || path.includes('\\') || path.split('/').includes('..'))
    throw refuse(`it holds the path ${path}`);
  return path;
};

/** Files of an archive by path; folders are left out. Throws `CloudError` when it is none that Lambda would take. */
export const unzip = (archive: Buffer): Record<string, Buffer> => {
  try {
    return entries(archive);
  } catch (error) {
    if (error instanceof CloudError) throw error;
    throw refuse('it is damaged');
  }
};

const entries = (archive: Buffer): Record<string, Buffer> => {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw refuse('it is no zip archive');
  const files: Record<string, Buffer> = {};
  let at = archive.readUInt32LE(end + 16);
  let unpacked = 0;
  for (let n = archive.readUInt16LE(end + 10); n > 0; n -= 1) {
    const method = archive.readUInt16LE(at + 10);
    const packedLength = archive.readUInt32LE(at + 20);
    const nameLength = archive.readUInt16LE(at + 28);
    const local = archive.readUInt32LE(at + 42);
    const path = safe(archive.toString('utf8', at + 46, at + 46 + nameLength));
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    if (path.endsWith('/')) continue;
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const packed = archive.subarray(from, from + packedLength);
    const content = method === DEFLATE ? inflateRawSync(packed, { maxOutputLength: UNPACKED_LIMIT }) : packed;
    unpacked += content.length;
    if (unpacked > UNPACKED_LIMIT) throw refuse('it is larger than 250 MiB unpacked');
    files[path] = content;
  }
  return files;
};
