import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalidRequest, noSuchKey, noSuchVersion, preconditionFailed, S3Error } from './errors.ts';
import { refuseLocked } from './lock.ts';
import { type BucketSettings, DEFAULT_SETTINGS, type Version } from './types.ts';

/** Conditions on what is there now; checked in the same tick as the change, so they are atomic. */
export interface Condition {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** One bucket on disk: `bucket.json`, `keys/<hash>.json` with all versions of a key, `data/` with the bytes. */
export interface Bucket {
  readonly name: string;
  readonly created: number;
  settings(): BucketSettings;
  configure(change: Partial<BucketSettings>): void;
  /** A path for bytes that are on their way. */
  newFile(): string;
  pathOf(file: string): string;
  newVersionId(): string;
  /** All keys that have any version, in byte order. */
  keys(): readonly string[];
  /** Versions of a key, newest first. */
  versions(key: string): readonly Version[];
  /** The version asked for, or the newest; throws `NoSuchKey` or `NoSuchVersion`. May be a delete marker. */
  find(key: string, id?: string): Version;
  /** Puts a version on top (or in place of the `null` version); throws `PreconditionFailed`. */
  put(version: Version, condition?: Condition): void;
  /** Writes a changed version (its lock) to disk. */
  save(key: string): void;
  /** Deletes without a version id: a marker where the bucket has versions. Returns the marker, if one was made. */
  remove(key: string): Version | undefined;
  /** Deletes one version for good; throws `AccessDenied` while it is locked. */
  destroyVersion(key: string, id: string, bypassGovernance: boolean): Version | undefined;
  isEmpty(): boolean;
}

const writeAtomic = (path: string, text: string): void => {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
};
const fileOf = (key: string): string => `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.json`;
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const validate = (settings: BucketSettings): BucketSettings => {
  if (settings.objectLock.enabled && settings.versioning !== 'enabled') {
    throw new S3Error(409, 'InvalidBucketState', 'Object Lock needs versioning, which cannot be suspended.');
  }
  const days = settings.objectLock.default?.days;
  if (days !== undefined && (!Number.isInteger(days) || days < 1 || days > 36_500)) {
    throw invalidRequest('The default retention period must be 1 to 36500 days.');
  }
  if (settings.policy !== undefined) {
    try {
      JSON.parse(settings.policy);
    } catch {
      throw new S3Error(400, 'MalformedPolicy', 'Policies must be valid JSON.');
    }
  }
  return settings;
};

export const openBucket = (
  directory: string,
  name: string,
  now: () => number,
  initial?: Partial<BucketSettings>,
): Bucket => {
  const root = join(directory, name);
  const metaFile = join(root, 'bucket.json');
  for (const folder of ['keys', 'data']) mkdirSync(join(root, folder), { recursive: true });
  const meta: { created: number; settings: BucketSettings } = existsSync(metaFile)
    ? (JSON.parse(readFileSync(metaFile, 'utf8')) as { created: number; settings: BucketSettings })
    : { created: now(), settings: validate({ ...DEFAULT_SETTINGS, ...initial }) };
  writeAtomic(metaFile, JSON.stringify(meta));

  const index = new Map<string, Version[]>();
  const used = new Set<string>();
  for (const file of readdirSync(join(root, 'keys'))) {
    if (!file.endsWith('.json')) continue;
    const versions = JSON.parse(readFileSync(join(root, 'keys', file), 'utf8')) as Version[];
    const [first] = versions;
    if (first !== undefined) index.set(first.key, versions);
    for (const v of versions) for (const p of v.parts) used.add(p.file);
  }
  // What a killed process left half uploaded.
  for (const file of readdirSync(join(root, 'data'))) if (!used.has(file)) rmSync(join(root, 'data', file));

  let sorted: string[] | undefined;
  const save = (key: string): void => {
    const versions = index.get(key);
    const path = join(root, 'keys', fileOf(key));
    if (versions === undefined || versions.length === 0) {
      index.delete(key);
      sorted = undefined;
      rmSync(path, { force: true });
    } else {
      writeAtomic(path, JSON.stringify(versions));
    }
  };
  const dropBytes = (version: Version): void => {
    for (const part of version.parts) rmSync(join(root, 'data', part.file), { force: true });
  };
  const newVersionId = (): string =>
    meta.settings.versioning === 'enabled' ? randomBytes(24).toString('base64url') : 'null';
  const refuse = (key: string, condition: Condition): void => {
    const newest = index.get(key)?.[0];
    const current = newest === undefined || newest.deleteMarker ? undefined : newest;
    if (condition.ifNoneMatch !== undefined) {
      if (condition.ifNoneMatch !== '*')
        throw new S3Error(501, 'NotImplemented', 'If-None-Match takes * here.');
      if (current !== undefined) throw preconditionFailed('If-None-Match');
    }
    if (condition.ifMatch !== undefined) {
      if (current === undefined) throw noSuchKey(key);
      if (unquoted(condition.ifMatch) !== unquoted(current.etag)) throw preconditionFailed('If-Match');
    }
  };
  const put = (version: Version, condition: Condition = {}): void => {
    refuse(version.key, condition);
    const before = index.get(version.key) ?? [];
    const replaced = version.id === 'null' ? before.filter((v) => v.id === 'null') : [];
    index.set(version.key, [version, ...before.filter((v) => !replaced.includes(v))]);
    if (before.length === 0) sorted = undefined;
    save(version.key);
    for (const old of replaced) dropBytes(old);
  };
  return {
    name,
    created: meta.created,
    settings: () => meta.settings,
    configure: (change) => {
      const next = validate({ ...meta.settings, ...change });
      if (meta.settings.objectLock.enabled && !next.objectLock.enabled)
        throw invalidRequest('Object Lock cannot be disabled.');
      meta.settings = next;
      writeAtomic(metaFile, JSON.stringify(meta));
    },
    newFile: () => randomBytes(12).toString('hex'),
    pathOf: (file) => join(root, 'data', file),
    newVersionId,
    keys: () => (sorted ??= [...index.keys()].sort(byBytes)),
    versions: (key) => index.get(key) ?? [],
    find: (key, id) => {
      const versions = index.get(key) ?? [];
      const found = id === undefined ? versions[0] : versions.find((v) => v.id === id);
      if (found === undefined) throw id === undefined ? noSuchKey(key) : noSuchVersion(id);
      return found;
    },
    put,
    save,
    remove: (key) => {
      if (meta.settings.versioning === 'off') {
        const old = index.get(key) ?? [];
        index.set(key, []);
        save(key);
        old.forEach(dropBytes);
        return undefined;
      }
      const marker = deleteMarker(key, newVersionId(), now());
      put(marker);
      return marker;
    },
    destroyVersion: (key, id, bypassGovernance) => {
      const versions = index.get(key) ?? [];
      const found = versions.find((v) => v.id === id);
      if (found === undefined) return undefined;
      refuseLocked(found, bypassGovernance, now());
      index.set(
        key,
        versions.filter((v) => v !== found),
      );
      save(key);
      dropBytes(found);
      return found;
    },
    isEmpty: () => index.size === 0,
  };
};

export const unquoted = (etag: string): string => etag.replace(/^(?:W\/)?"|"$/g, '').replaceAll('"', '');

const deleteMarker = (key: string, id: string, modified: number): Version => ({
  id,
  key,
  etag: '',
  size: 0,
  modified,
  parts: [],
  deleteMarker: true,
  headers: {},
  metadata: {},
  checksums: {},
  checksumType: 'FULL_OBJECT',
  encryption: '',
});
