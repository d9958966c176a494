import { once } from 'node:events';
import { createReadStream, linkSync, rmSync } from 'node:fs';
import { answer, answerXml, bypasses, type Call, headerOf } from './call.ts';
import { invalidRequest, noSuchBucket, noSuchKey, preconditionFailed, S3Error } from './errors.ts';
import { conditionOf, describeObject, receiveFile } from './receive-object.ts';
import { type Bucket, unquoted } from './store.ts';
import type { Version } from './types.ts';

export const versionHeader = (call: Call, version: Pick<Version, 'id'>): Record<string, string> =>
  call.bucket.settings().versioning === 'off' ? {} : { 'x-amz-version-id': version.id };

export const checksumHeaders = (version: Version): Record<string, string> => {
  const found = Object.entries(version.checksums).map(([a, v]) => [`x-amz-checksum-${a}`, v]);
  return found.length === 0
    ? {}
    : { ...Object.fromEntries(found), 'x-amz-checksum-type': version.checksumType };
};

export const putObject = async (call: Call): Promise<void> => {
  const description = describeObject(call);
  const received = await receiveFile(call);
  const version: Version = {
    id: call.bucket.newVersionId(),
    key: call.key,
    etag: `"${received.md5}"`,
    size: received.size,
    modified: call.now(),
    parts: [{ file: received.file, size: received.size }],
    deleteMarker: false,
    checksums: received.checksums,
    checksumType: 'FULL_OBJECT',
    ...description,
  };
  try {
    if (headerOf(call, 'x-amz-object-lock-mode') !== undefined && !received.verified) {
      throw invalidRequest(
        'Content-MD5 or an x-amz-checksum- header is required with Object Lock parameters.',
      );
    }
    call.bucket.put(version, conditionOf(call));
  } catch (error) {
    rmSync(call.bucket.pathOf(received.file), { force: true });
    throw error;
  }
  answer(call, 200, {
    etag: version.etag,
    'x-amz-server-side-encryption': version.encryption,
    ...checksumHeaders(version),
    ...versionHeader(call, version),
  });
};

/** Server-side copy: the bytes are shared on disk, the description may be new. */
export const copyObject = (call: Call, buckets: (name: string) => Bucket | undefined): void => {
  const [path = '', query = ''] = (headerOf(call, 'x-amz-copy-source') ?? '').split('?');
  const [name = '', ...rest] = decodeURIComponent(path).replace(/^\//, '').split('/');
  const source = buckets(name);
  if (source === undefined) throw noSuchBucket(name);
  const found = source.find(rest.join('/'), new URLSearchParams(query).get('versionId') ?? undefined);
  if (found.deleteMarker) throw noSuchKey(found.key);
  const description = describeObject(call);
  const fresh = headerOf(call, 'x-amz-metadata-directive') === 'REPLACE';
  const parts = found.parts.map((p) => {
    const file = call.bucket.newFile();
    linkSync(source.pathOf(p.file), call.bucket.pathOf(file));
    return { file, size: p.size };
  });
  const version: Version = {
    ...found,
    ...description,
    ...(fresh ? {} : { headers: found.headers, metadata: found.metadata }),
    id: call.bucket.newVersionId(),
    key: call.key,
    modified: call.now(),
    parts,
  };
  call.bucket.put(version, conditionOf(call));
  answerXml(
    call,
    'CopyObjectResult',
    { ETag: version.etag, LastModified: new Date(version.modified).toISOString() },
    versionHeader(call, version),
  );
};

const current = (call: Call): Version => {
  const id = call.query.get('versionId') ?? undefined;
  const version = call.bucket.find(call.key, id);
  if (!version.deleteMarker) return version;
  call.response.setHeader('x-amz-delete-marker', 'true');
  if (id === undefined) throw noSuchKey(call.key);
  throw new S3Error(405, 'MethodNotAllowed', 'A delete marker cannot be read.');
};

interface Range {
  readonly from: number;
  readonly to: number;
}
const rangeOf = (header: string | undefined, size: number): Range | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const from = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const to = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (from >= size || from > to)
    throw new S3Error(416, 'InvalidRange', 'The requested range cannot be satisfied.');
  return { from, to };
};

export const getObject = async (call: Call): Promise<void> => {
  const version = current(call);
  const wanted = headerOf(call, 'if-match');
  if (wanted !== undefined && wanted !== '*' && unquoted(wanted) !== unquoted(version.etag))
    throw preconditionFailed('If-Match');
  const known = headerOf(call, 'if-none-match');
  if (known !== undefined && (known === '*' || unquoted(known) === unquoted(version.etag))) {
    call.response.writeHead(304, { etag: version.etag }).end();
    return;
  }
  const range = rangeOf(headerOf(call, 'range'), version.size);
  const { from, to } = range ?? { from: 0, to: version.size - 1 };
  const checks = headerOf(call, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && range === undefined;
  call.response.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'binary/octet-stream',
    ...version.headers,
    ...Object.fromEntries(Object.entries(version.metadata).map(([k, v]) => [`x-amz-meta-${k}`, v])),
    'accept-ranges': 'bytes',
    'content-length': to - from + 1,
    ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${version.size}` }),
    etag: version.etag,
    'last-modified': new Date(version.modified).toUTCString(),
    'x-amz-server-side-encryption': version.encryption,
    ...(checks ? checksumHeaders(version) : {}),
    ...lockHeaders(version),
    ...versionHeader(call, version),
  });
  if (call.method === 'HEAD') call.response.end();
  else await sendBytes(call, version, from, to);
};

const lockHeaders = (version: Version): Record<string, string> => ({
  ...(version.retention === undefined
    ? {}
    : {
        'x-amz-object-lock-mode': version.retention.mode,
        'x-amz-object-lock-retain-until-date': new Date(version.retention.until).toISOString(),
      }),
  ...(version.legalHold === true ? { 'x-amz-object-lock-legal-hold': 'ON' } : {}),
});

const sendBytes = async (call: Call, version: Version, from: number, to: number): Promise<void> => {
  const { response } = call;
  const gone = once(response, 'close');
  let offset = 0;
  for (const part of version.parts) {
    const start = Math.max(0, from - offset);
    const end = Math.min(part.size - 1, to - offset);
    offset += part.size;
    if (start > end) continue;
    for await (const chunk of createReadStream(call.bucket.pathOf(part.file), {
      start,
      end,
      highWaterMark: 262_144,
    })) {
      if (response.destroyed) return;
      if (!response.write(chunk)) await Promise.race([once(response, 'drain'), gone]);
    }
  }
  response.end();
};

export const deleteObject = (call: Call): void => {
  answer(call, 204, removeObject(call, call.key, call.query.get('versionId') ?? undefined));
};

/** Deletes and says, as headers, what was deleted. What is not there counts as deleted. */
export const removeObject = (call: Call, key: string, id: string | undefined): Record<string, string> => {
  if (id !== undefined) {
    const gone = call.bucket.destroyVersion(key, id, bypasses(call));
    return {
      'x-amz-version-id': id,
      ...(gone?.deleteMarker === true ? { 'x-amz-delete-marker': 'true' } : {}),
    };
  }
  const marker = call.bucket.remove(key);
  return marker === undefined ? {} : { 'x-amz-version-id': marker.id, 'x-amz-delete-marker': 'true' };
};
