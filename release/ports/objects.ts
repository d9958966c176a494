export interface StoredObject {
  readonly body: string;
  readonly etag: string;
}

/** Small objects with compare-and-set: records, journal, lease. An S3 bucket, or a folder in tests. */
export interface ObjectStore {
  get(key: string): Promise<StoredObject | undefined>;
  /**
   * `ifMatch: etag` replaces exactly that object, `ifMatch: null` creates where none is, undefined overwrites.
   * Resolves to the new etag, or to undefined when the condition did not hold.
   */
  put(key: string, body: string, ifMatch?: string | null): Promise<string | undefined>;
  list(prefix: string): Promise<readonly string[]>;
  delete(key: string): Promise<void>;
}
