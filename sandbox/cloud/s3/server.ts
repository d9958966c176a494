import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { receiveText } from './body.ts';
import { answer, answerXml, type Call, headerOf } from './call.ts';
import { configureBucket, configureObject } from './configuration.ts';
import { accessDenied, noSuchBucket, notImplemented, S3Error } from './errors.ts';
import type { FaultState } from './faults.ts';
import { listObjects, listVersions } from './listing.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  type Uploads,
  uploadPart,
} from './multipart.ts';
import { copyObject, deleteObject, getObject, putObject, removeObject } from './objects.ts';
import type { Bucket } from './store.ts';
import { all, parseXml, textOf, xmlDocument, type XmlValue } from './xml.ts';

/** The buckets as the server sees them. */
export interface Buckets {
  get(name: string): Bucket | undefined;
  all(): readonly Bucket[];
  /** Throws `BucketAlreadyOwnedByYou` or `InvalidBucketName`. */
  create(name: string, objectLock: boolean): void;
  /** Throws `BucketNotEmpty`. */
  delete(name: string): void;
}

interface Context {
  readonly buckets: Buckets;
  readonly uploads: Uploads;
  readonly faults: FaultState;
  readonly now: () => number;
}

/** An S3 API server for path-style clients. Signatures are not checked, but a request must carry one. */
export const s3Server = (context: Context): Server => {
  const server = createServer((request, response) => {
    void serve(context, request, response);
  });
  server.keepAliveTimeout = 30_000;
  server.requestTimeout = 0;
  return server;
};

const serve = async (context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (context.faults.isUnreachable()) {
    request.socket.destroy();
    return;
  }
  const id = randomBytes(8).toString('hex').toUpperCase();
  response.setHeader('x-amz-request-id', id);
  response.setHeader('server', 'sluice-sandbox');
  try {
    if (context.faults.delayMs() > 0) await delay(context.faults.delayMs());
    await route(context, request, response);
  } catch (error) {
    refuse(request, response, error, id);
  }
};

const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown, id: string): void => {
  if (response.headersSent || response.destroyed || request.socket.destroyed) {
    response.destroy();
    return;
  }
  const known =
    error instanceof S3Error
      ? error
      : new S3Error(500, 'InternalError', error instanceof Error ? error.message : 'unknown');
  const text =
    request.method === 'HEAD'
      ? ''
      : xmlDocument('Error', { Code: known.code, Message: known.message, RequestId: id })
          // Errors are the one answer without a namespace.
          .replace(/ xmlns="[^"]*"/, '');
  // What the client still sends is not read: the connection cannot be used again.
  const unread = !request.complete && request.method === 'PUT';
  response.writeHead(known.status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(text),
    ...(unread ? { connection: 'close' } : {}),
  });
  response.end(text);
  if (unread) request.resume();
};

const splitOnce = (text: string, at: string): [string, string?] => {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
};

const route = async (context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  // Not by way of a URL object: that would take the key `a/..` for a path and shorten it.
  const [rawPath, rawQuery = ''] = splitOnce(request.url ?? '/', '?');
  const query = new URLSearchParams(rawQuery);
  const method = request.method ?? 'GET';
  if (request.headers.authorization === undefined && !query.has('X-Amz-Signature'))
    throw accessDenied('the request is not signed.');
  const path = decodeURIComponent(rawPath.slice(1));
  const slash = path.indexOf('/');
  const name = slash < 0 ? path : path.slice(0, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  if (name === '') {
    listBuckets(context, method, response);
    return;
  }
  const bucket = context.buckets.get(name);
  if (key === '' && method === 'PUT' && query.size === 0) {
    context.buckets.create(name, request.headers['x-amz-bucket-object-lock-enabled'] === 'true');
    response.writeHead(200, { location: `/${name}`, 'content-length': 0 }).end();
    return;
  }
  if (bucket === undefined) throw noSuchBucket(name);
  const { faults, now } = context;
  const call: Call = { request, response, method, query, bucket, key, faults, now };
  await (key === '' ? bucketCall(context, call) : objectCall(context, call));
};

const listBuckets = (context: Context, method: string, response: ServerResponse): void => {
  if (method !== 'GET') throw new S3Error(405, 'MethodNotAllowed', `${method} is not allowed here.`);
  const text = xmlDocument('ListAllMyBucketsResult', {
    Buckets: {
      Bucket: context.buckets
        .all()
        .map((b) => ({ Name: b.name, CreationDate: new Date(b.created).toISOString() })),
    },
  });
  response
    .writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(text) })
    .end(text);
};

const KNOWN_BUCKET_QUERIES = new Set([
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
  'versions',
  'key-marker',
  'version-id-marker',
  'uploads',
  'location',
  'delete',
  'x-id',
]);

const bucketCall = async (context: Context, call: Call): Promise<void> => {
  const { query, bucket, method } = call;
  if (await configureBucket(call)) return;
  const unknown = [...query.keys()].find((k) => !KNOWN_BUCKET_QUERIES.has(k));
  if (unknown !== undefined) throw notImplemented(`?${unknown} on a bucket`);
  if (method === 'GET' && query.has('location')) answerXml(call, 'LocationConstraint', {});
  else if (method === 'GET' && query.has('versions')) xml(call, listVersions(bucket, query));
  else if (method === 'GET' && query.has('uploads')) listUploads(call, context.uploads);
  else if (method === 'GET' && query.get('list-type') === '2') xml(call, listObjects(bucket, query));
  else if (method === 'POST' && query.has('delete')) await deleteMany(call);
  else if (method === 'HEAD') answer(call, 200);
  else if (method === 'DELETE') {
    context.buckets.delete(bucket.name);
    answer(call, 204);
  } else throw notImplemented(`${method} on a bucket with this query`);
};

const xml = (call: Call, text: string): void => {
  const body = Buffer.from(text);
  call.response
    .writeHead(200, { 'content-type': 'application/xml', 'content-length': body.length })
    .end(body);
};

const deleteMany = async (call: Call): Promise<void> => {
  const document = parseXml(await receiveText(call.request));
  const quiet = textOf(document, 'Quiet') === 'true';
  const done: XmlValue[] = [];
  const failed: XmlValue[] = [];
  for (const element of all(document, 'Object')) {
    const key = element.children.find((c) => c.name === 'Key')?.text ?? '';
    const id = textOf(element, 'VersionId');
    try {
      const headers = removeObject(call, key, id);
      const marker = headers['x-amz-delete-marker'] === 'true';
      done.push({
        Key: key,
        VersionId: id,
        DeleteMarker: marker ? true : undefined,
        DeleteMarkerVersionId: marker ? headers['x-amz-version-id'] : undefined,
      });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      failed.push({ Key: key, VersionId: id, Code: error.code, Message: error.message });
    }
  }
  answerXml(call, 'DeleteResult', { Deleted: quiet ? [] : done, Error: failed });
};

const KNOWN_OBJECT_QUERIES = new Set(['versionId', 'uploads', 'uploadId', 'partNumber', 'x-id']);

const objectCall = async (context: Context, call: Call): Promise<void> => {
  const { query, method } = call;
  if (await configureObject(call)) return;
  const unknown = [...query.keys()].find((k) => !KNOWN_OBJECT_QUERIES.has(k) && !k.startsWith('X-Amz-'));
  if (unknown !== undefined) throw notImplemented(`?${unknown} on an object`);
  const { uploads } = context;
  if (query.has('uploadId')) {
    if (method === 'PUT') await uploadPart(call, uploads);
    else if (method === 'POST') await completeUpload(call, uploads);
    else if (method === 'DELETE') abortUpload(call, uploads);
    else listParts(call, uploads);
  } else if (method === 'POST' && query.has('uploads')) createUpload(call, uploads);
  else if (method === 'PUT' && headerOf(call, 'x-amz-copy-source') !== undefined)
    copyObject(call, (name) => context.buckets.get(name));
  else if (method === 'PUT') await putObject(call);
  else if (method === 'GET' || method === 'HEAD') await getObject(call);
  else if (method === 'DELETE') deleteObject(call);
  else throw new S3Error(405, 'MethodNotAllowed', `${method} is not allowed here.`);
};
