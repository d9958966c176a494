/** Where the code of a function is: kept by digest, so that every environment runs the bytes that were tested. */
export interface Artifact {
  readonly bucket: string;
  /** `<service>/<sha256>.zip` */
  readonly key: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

const IMAGE = /^s3:\/\/([^/\s]+)\/([^@\s]+)@sha256:([0-9a-f]{64})$/;
const REPOSITORY = /^s3:\/\/([^/\s]+)\/([^@\s]+)$/;

/** The artifact that a frozen service names (`s3://bucket/service@sha256:…`); undefined when it names none. */
export const artifactOf = (image: string): Artifact | undefined => {
  const [, bucket, service, sha256] = IMAGE.exec(image) ?? [];
  if (bucket === undefined || service === undefined || sha256 === undefined) return undefined;
  return { bucket, key: `${service}/${sha256}.zip`, sha256 };
};

/** Where it says which digest a version is: `<service>/<version>.json` holds `{"sha256": …}`. */
export const pointerOf = (
  repository: string,
  version: string,
): { readonly bucket: string; readonly key: string } | undefined => {
  const [, bucket, service] = REPOSITORY.exec(repository) ?? [];
  return bucket === undefined || service === undefined
    ? undefined
    : { bucket, key: `${service}/${version}.json` };
};

/** The digest in a pointer's text; undefined when it holds none. */
export const parsePointer = (text: string): string | undefined => {
  try {
    const { sha256 } = JSON.parse(text) as { sha256?: unknown };
    return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined;
  } catch {
    return undefined;
  }
};
