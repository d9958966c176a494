import { invalidArgument } from './errors.ts';
import type { Bucket } from './store.ts';
import type { Version } from './types.ts';
import { type XmlValue, xmlDocument } from './xml.ts';

const OWNER = { ID: 'sandbox', DisplayName: 'sandbox' };

interface Page<T> {
  readonly entries: readonly T[];
  readonly prefixes: readonly string[];
  /** The last key or prefix that was given out, when there is more. */
  readonly next: string | undefined;
}

const limit = (query: URLSearchParams): number => {
  const text = query.get('max-keys') ?? '1000';
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument('max-keys is no number.');
  return Math.min(Number(text), 1000);
};

/** Index of the first key that is greater than `after` (byte order). */
const firstAfter = (keys: readonly string[], after: string): number => {
  const wanted = Buffer.from(after);
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(Buffer.from(keys[middle] ?? ''), wanted) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

const page = <T>(
  keys: readonly string[],
  after: string,
  prefix: string,
  delimiter: string,
  max: number,
  entriesOf: (key: string) => readonly T[],
): Page<T> => {
  const entries: T[] = [];
  const prefixes: string[] = [];
  let last = '';
  for (let i = after === '' ? 0 : firstAfter(keys, after); i < keys.length; i++) {
    const key = keys[i] ?? '';
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const group = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    if (group !== undefined && (group === prefixes.at(-1) || (after !== '' && after.startsWith(group))))
      continue;
    const found = entriesOf(key);
    if (found.length === 0) continue;
    if (entries.length + prefixes.length >= max) return { entries, prefixes, next: last };
    if (group === undefined) entries.push(...found);
    else prefixes.push(group);
    last = group ?? key;
  }
  return { entries, prefixes, next: undefined };
};

const coded = (query: URLSearchParams): ((text: string) => string) =>
  query.get('encoding-type') === 'url' ? (t) => encodeURIComponent(t).replaceAll('%2F', '/') : (t) => t;
const optional = (text: string | null): string | undefined => text ?? undefined;

/** ListObjectsV2. */
export const listObjects = (bucket: Bucket, query: URLSearchParams): string => {
  const code = coded(query);
  const token = query.get('continuation-token');
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8');
  const max = limit(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const current = (key: string): Version[] =>
    bucket
      .versions(key)
      .slice(0, 1)
      .filter((v) => !v.deleteMarker);
  const found = page(bucket.keys(), after, prefix, delimiter, max, current);
  return xmlDocument('ListBucketResult', {
    Name: bucket.name,
    Prefix: code(prefix),
    Delimiter: delimiter === '' ? undefined : code(delimiter),
    StartAfter: optional(query.get('start-after')),
    ContinuationToken: optional(token),
    NextContinuationToken:
      found.next === undefined ? undefined : Buffer.from(found.next).toString('base64url'),
    EncodingType: optional(query.get('encoding-type')),
    KeyCount: found.entries.length + found.prefixes.length,
    MaxKeys: max,
    IsTruncated: found.next !== undefined,
    Contents: found.entries.map((v) => ({
      Key: code(v.key),
      LastModified: new Date(v.modified).toISOString(),
      ETag: v.etag,
      ChecksumAlgorithm: Object.keys(v.checksums).map((a) => a.toUpperCase()),
      Size: v.size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: found.prefixes.map((p) => ({ Prefix: code(p) })),
  });
};

/** ListObjectVersions: every version and delete marker. A page ends between keys, so it may hold more than max-keys. */
export const listVersions = (bucket: Bucket, query: URLSearchParams): string => {
  const code = coded(query);
  const max = limit(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const after = query.get('key-marker') ?? '';
  const found = page(bucket.keys(), after, prefix, delimiter, max, (key) => bucket.versions(key));
  const common = (v: Version): Record<string, XmlValue> => ({
    Key: code(v.key),
    VersionId: v.id,
    IsLatest: bucket.versions(v.key)[0] === v,
    LastModified: new Date(v.modified).toISOString(),
    Owner: OWNER,
  });
  return xmlDocument('ListVersionsResult', {
    Name: bucket.name,
    Prefix: code(prefix),
    Delimiter: delimiter === '' ? undefined : code(delimiter),
    KeyMarker: code(after),
    VersionIdMarker: '',
    NextKeyMarker: found.next === undefined ? undefined : code(found.next),
    // Any id will do: a page always holds all versions of its last key.
    NextVersionIdMarker: found.next === undefined ? undefined : 'null',
    EncodingType: optional(query.get('encoding-type')),
    MaxKeys: max,
    IsTruncated: found.next !== undefined,
    Version: found.entries
      .filter((v) => !v.deleteMarker)
      .map((v) => ({ ...common(v), ETag: v.etag, Size: v.size, StorageClass: 'STANDARD' })),
    DeleteMarker: found.entries.filter((v) => v.deleteMarker).map(common),
    CommonPrefixes: found.prefixes.map((p) => ({ Prefix: code(p) })),
  });
};
