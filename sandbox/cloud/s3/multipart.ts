import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { receiveText } from './body.ts';
import { answer, answerXml, type Call, headerOf, needed } from './call.ts';
import { composite, digest, isAlgorithm } from './checksums.ts';
import {
  badDigest,
  invalidArgument,
  invalidRequest,
  malformedXml,
  noSuchUpload,
  notImplemented,
  S3Error,
} from './errors.ts';
import { checksumHeaders, versionHeader } from './objects.ts';
import { conditionOf, describeObject, type Description, receiveFile } from './receive-object.ts';
import { unquoted } from './store.ts';
import type { Algorithm, Version } from './types.ts';
import { all, parseXml, textOf } from './xml.ts';

interface Part {
  readonly number: number;
  readonly file: string;
  readonly size: number;
  readonly md5: string;
  readonly modified: number;
  readonly checksums: Partial<Record<Algorithm, string>>;
}
interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly started: number;
  readonly algorithm: Algorithm | undefined;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
  readonly description: Description;
  readonly parts: Map<number, Part>;
}
/** Uploads in progress live in memory: what a stopped sandbox had not completed is gone. */
export type Uploads = Map<string, Upload>;

const SMALLEST_PART = 5 * 1024 * 1024;

export const createUpload = (call: Call, uploads: Uploads): void => {
  const named = headerOf(call, 'x-amz-checksum-algorithm')?.toLowerCase();
  if (named !== undefined && !isAlgorithm(named)) throw notImplemented(`the checksum ${named}`);
  const type = headerOf(call, 'x-amz-checksum-type') === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE';
  if (type === 'FULL_OBJECT' && (named === 'sha1' || named === 'sha256')) {
    throw invalidRequest('Full object checksums of a multipart upload must be CRC32 or CRC32C.');
  }
  const id = randomBytes(24).toString('base64url');
  uploads.set(id, {
    bucket: call.bucket.name,
    key: call.key,
    started: call.now(),
    algorithm: named,
    type,
    description: describeObject(call),
    parts: new Map(),
  });
  answerXml(
    call,
    'InitiateMultipartUploadResult',
    { Bucket: call.bucket.name, Key: call.key, UploadId: id },
    named === undefined
      ? {}
      : { 'x-amz-checksum-algorithm': named.toUpperCase(), 'x-amz-checksum-type': type },
  );
};

const uploadOf = (call: Call, uploads: Uploads): { id: string; upload: Upload } => {
  const id = needed(call.query.get('uploadId'), 'uploadId');
  const upload = uploads.get(id);
  if (upload === undefined || upload.bucket !== call.bucket.name || upload.key !== call.key)
    throw noSuchUpload(id);
  return { id, upload };
};

export const uploadPart = async (call: Call, uploads: Uploads): Promise<void> => {
  const number = Number(needed(call.query.get('partNumber'), 'partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive.');
  const { id, upload } = uploadOf(call, uploads);
  const received = await receiveFile(call);
  if (!uploads.has(id)) {
    rmSync(call.bucket.pathOf(received.file), { force: true });
    throw noSuchUpload(id);
  }
  const old = upload.parts.get(number);
  if (old !== undefined) rmSync(call.bucket.pathOf(old.file), { force: true });
  upload.parts.set(number, { ...received, number, modified: call.now() });
  const sums = Object.entries(received.checksums).map(([a, v]) => [`x-amz-checksum-${a}`, v]);
  answer(call, 200, { etag: `"${received.md5}"`, ...Object.fromEntries(sums) });
};

export const abortUpload = (call: Call, uploads: Uploads): void => {
  const { id, upload } = uploadOf(call, uploads);
  uploads.delete(id);
  for (const part of upload.parts.values()) rmSync(call.bucket.pathOf(part.file), { force: true });
  answer(call, 204);
};

const invalidPart = (): S3Error =>
  new S3Error(400, 'InvalidPart', 'A part was not found, or its ETag or checksum is another.');

const chosenParts = (upload: Upload, body: string): Part[] => {
  const parts: Part[] = [];
  for (const element of all(parseXml(body), 'Part')) {
    const number = Number(textOf(element, 'PartNumber'));
    const part = upload.parts.get(number);
    if (part === undefined || unquoted(textOf(element, 'ETag') ?? '') !== part.md5) throw invalidPart();
    if (number <= (parts.at(-1)?.number ?? 0))
      throw new S3Error(400, 'InvalidPartOrder', 'The parts were not in ascending order.');
    for (const [algorithm, value] of Object.entries(part.checksums)) {
      const said = textOf(element, `Checksum${algorithm.toUpperCase()}`);
      if (said !== undefined && said !== value) throw invalidPart();
    }
    parts.push(part);
  }
  if (parts.length === 0) throw malformedXml();
  if (parts.slice(0, -1).some((p) => p.size < SMALLEST_PART))
    throw new S3Error(400, 'EntityTooSmall', 'Every part but the last must have 5 MiB at least.');
  return parts;
};

const checksumOf = async (
  call: Call,
  upload: Upload,
  parts: readonly Part[],
): Promise<Version['checksums']> => {
  const { algorithm } = upload;
  if (algorithm === undefined) return {};
  if (upload.type === 'COMPOSITE') {
    const sums = parts.map((p) => p.checksums[algorithm]).filter((s) => s !== undefined);
    if (sums.length !== parts.length)
      throw invalidRequest(`The upload was created with ${algorithm.toUpperCase()}; a part came without it.`);
    return { [algorithm]: composite(algorithm, sums) };
  }
  const whole = digest(algorithm);
  for (const part of parts)
    for await (const chunk of createReadStream(call.bucket.pathOf(part.file))) whole.update(chunk as Buffer);
  return { [algorithm]: whole.base64() };
};

export const completeUpload = async (call: Call, uploads: Uploads): Promise<void> => {
  const { id, upload } = uploadOf(call, uploads);
  const parts = chosenParts(upload, await receiveText(call.request));
  const checksums = await checksumOf(call, upload, parts);
  const said = upload.algorithm && headerOf(call, `x-amz-checksum-${upload.algorithm}`);
  if (said !== undefined && upload.algorithm !== undefined && said !== checksums[upload.algorithm])
    throw badDigest(upload.algorithm.toUpperCase());
  const etags = Buffer.concat(parts.map((p) => Buffer.from(p.md5, 'hex')));
  const version: Version = {
    id: call.bucket.newVersionId(),
    key: call.key,
    etag: `"${createHash('md5').update(etags).digest('hex')}-${parts.length}"`,
    size: parts.reduce((n, p) => n + p.size, 0),
    modified: call.now(),
    parts: parts.map(({ file, size }) => ({ file, size })),
    deleteMarker: false,
    checksums,
    checksumType: upload.type,
    ...upload.description,
  };
  if (!uploads.has(id)) throw noSuchUpload(id);
  call.bucket.put(version, conditionOf(call));
  uploads.delete(id);
  for (const part of upload.parts.values())
    if (!parts.includes(part)) rmSync(call.bucket.pathOf(part.file), { force: true });
  const sums = Object.entries(checksumHeaders(version)).map(([k, v]) => [
    k === 'x-amz-checksum-type'
      ? 'ChecksumType'
      : `Checksum${k.slice('x-amz-checksum-'.length).toUpperCase()}`,
    v,
  ]);
  answerXml(
    call,
    'CompleteMultipartUploadResult',
    {
      Location: `/${call.bucket.name}/${call.key}`,
      Bucket: call.bucket.name,
      Key: call.key,
      ETag: version.etag,
      ...(Object.fromEntries(sums) as Record<string, string>),
    },
    { 'x-amz-server-side-encryption': version.encryption, ...versionHeader(call, version) },
  );
};

export const listParts = (call: Call, uploads: Uploads): void => {
  const { id, upload } = uploadOf(call, uploads);
  answerXml(call, 'ListPartsResult', {
    Bucket: call.bucket.name,
    Key: call.key,
    UploadId: id,
    IsTruncated: false,
    Part: [...upload.parts.values()]
      .sort((a, b) => a.number - b.number)
      .map((p) => ({
        PartNumber: p.number,
        LastModified: new Date(p.modified).toISOString(),
        ETag: `"${p.md5}"`,
        Size: p.size,
      })),
  });
};

export const listUploads = (call: Call, uploads: Uploads): void => {
  const prefix = call.query.get('prefix') ?? '';
  answerXml(call, 'ListMultipartUploadsResult', {
    Bucket: call.bucket.name,
    IsTruncated: false,
    Upload: [...uploads]
      .filter(([, u]) => u.bucket === call.bucket.name && u.key.startsWith(prefix))
      .map(([id, u]) => ({ Key: u.key, UploadId: id, Initiated: new Date(u.started).toISOString() })),
  });
};
