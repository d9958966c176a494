import { type Received, receive } from './body.ts';
import { type Call, headerOf } from './call.ts';
import { invalidArgument, S3Error } from './errors.ts';
import { retentionFor } from './lock.ts';
import type { Condition } from './store.ts';
import type { Retention } from './types.ts';

const KEPT = ['content-type', 'content-language', 'content-disposition', 'cache-control', 'expires'] as const;

/** What of a request's headers belongs to the object it makes. */
export interface Description {
  readonly headers: Record<string, string>;
  readonly metadata: Record<string, string>;
  readonly encryption: string;
  readonly retention: Retention | undefined;
  readonly legalHold: boolean;
}

export const describeObject = (call: Call): Description => {
  const headers: Record<string, string> = {};
  for (const name of KEPT) {
    const value = headerOf(call, name);
    if (value !== undefined) headers[name] = value;
  }
  const encoding = (headerOf(call, 'content-encoding') ?? '')
    .split(',')
    .map((e) => e.trim())
    .filter((e) => e !== '' && e !== 'aws-chunked');
  if (encoding.length > 0) headers['content-encoding'] = encoding.join(',');
  const metadata = Object.fromEntries(
    Object.entries(call.request.headers)
      .filter(([name, value]) => name.startsWith('x-amz-meta-') && typeof value === 'string')
      .map(([name, value]) => [name.slice('x-amz-meta-'.length), value as string]),
  );
  if (Object.entries(metadata).reduce((n, [k, v]) => n + k.length + Buffer.byteLength(v), 0) > 2048) {
    throw new S3Error(400, 'MetadataTooLarge', 'User metadata may be 2 KB at most.');
  }
  return {
    headers,
    metadata,
    encryption: headerOf(call, 'x-amz-server-side-encryption') ?? call.bucket.settings().encryption.algorithm,
    retention: retentionFor(
      call.bucket.settings(),
      {
        mode: headerOf(call, 'x-amz-object-lock-mode'),
        until: headerOf(call, 'x-amz-object-lock-retain-until-date'),
      },
      call.now(),
    ),
    legalHold: headerOf(call, 'x-amz-object-lock-legal-hold') === 'ON',
  };
};

export const conditionOf = (call: Call): Condition => ({
  ifMatch: headerOf(call, 'if-match'),
  ifNoneMatch: headerOf(call, 'if-none-match'),
});

/** Takes the request's body into a new file of the bucket, with the faults that wait for it. */
export const receiveFile = async (call: Call): Promise<Received & { file: string }> => {
  if (Buffer.byteLength(call.key) > 1024)
    throw new S3Error(400, 'KeyTooLongError', 'A key may have 1024 bytes at most.');
  if (call.key === '') throw invalidArgument('The key is empty.');
  const file = call.bucket.newFile();
  const cutAfter = call.faults.cutAfter(call.bucket.name, call.key);
  const received = await receive(call.request, call.bucket.pathOf(file), (bytes) => {
    if (cutAfter === undefined || bytes <= cutAfter) return;
    call.request.socket.destroy();
    throw new S3Error(500, 'InternalError', 'The connection was cut.');
  });
  call.faults.damage(call.bucket.name, call.key, call.bucket.pathOf(file));
  return { ...received, file };
};
