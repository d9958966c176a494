import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { artifactOf, parsePointer, pointerOf } from '../../config/lambda/artifact.ts';
import { badInput, refused } from '../../lib/errors.ts';
import type { Images } from '../../release/ports/supply.ts';
import type { Sandbox } from '../client.ts';
import { zip } from '../cloud/lambda/zip.ts';
import { buildEnvironment, readVersions, type SandboxImageOptions, type Versions } from './images.ts';

/** The S3 part wants a signature, but does not check it. */
const HEADERS = { authorization: 'AWS4-HMAC-SHA256 Credential=sandbox' };

const ask = async (
  sandbox: Pick<Sandbox, 's3'>,
  method: 'GET' | 'HEAD' | 'PUT',
  path: string,
  body: Uint8Array<ArrayBuffer> | string | null = null,
): Promise<Response | undefined> => {
  const response = await fetch(`${sandbox.s3}/${path}`, {
    method,
    headers: HEADERS,
    ...(body === null ? {} : { body }),
  });
  if (response.ok) return response;
  if (response.status === 404 && method !== 'PUT') return undefined;
  throw refused(`${method} s3://${path} answered ${response.status}: ${await response.text()}`);
};

/** Files below a folder by their path in it. */
const filesIn = async (folder: string): Promise<Record<string, Uint8Array>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  const read = paths.map(async (path) => [relative(folder, path), await readFile(path)] as const);
  return Object.fromEntries(await Promise.all(read));
};

const codeOf = (versions: Versions, version: string, application: string): string => {
  const code = versions.versions[version]?.code;
  if (code !== undefined) return join(application, code);
  throw badInput('the artifact cannot be packed', [
    {
      path: `versions.json: versions["${version}"].code`,
      reason: 'is missing',
      allowed: 'the folder of its code',
    },
  ]);
};

/**
 * The sandbox's bucket of artifacts, filled as a pipeline would: the folder of the version's code, and `build.json`
 * with what the build knew (`version`, and the environment of `versions.json`). A version packs to the same digest every time.
 */
export const sandboxArtifacts = (sandbox: Pick<Sandbox, 's3'>, options: SandboxImageOptions): Images => ({
  find: async (repository, version) => {
    const pointer = pointerOf(repository, version);
    if (pointer === undefined) throw refused(`${repository} is no place for artifacts`);
    const found = await ask(sandbox, 'GET', `${pointer.bucket}/${pointer.key}`);
    const sha256 = found === undefined ? undefined : parsePointer(await found.text());
    return sha256 === undefined ? undefined : `${repository}@sha256:${sha256}`;
  },
  build: async (version, repositories, onLine, signal) => {
    const versions = await readVersions(options.application);
    const built = {
      version: version.replace(/^v/, ''),
      ...buildEnvironment(versions, version, options.faults),
    };
    const files = await filesIn(codeOf(versions, version, options.application));
    const archive = zip({ ...files, 'build.json': new TextEncoder().encode(JSON.stringify(built)) });
    const sha256 = createHash('sha256').update(archive).digest('hex');
    for (const repository of repositories) {
      const artifact = artifactOf(`${repository}@sha256:${sha256}`);
      const pointer = pointerOf(repository, version);
      if (artifact === undefined || pointer === undefined)
        throw refused(`${repository} is no place for artifacts`);
      if ((options.buildMs ?? 0) > 0)
        await delay(options.buildMs, undefined, signal === undefined ? {} : { signal });
      if ((await ask(sandbox, 'HEAD', artifact.bucket)) === undefined)
        await ask(sandbox, 'PUT', artifact.bucket);
      await ask(sandbox, 'PUT', `${artifact.bucket}/${artifact.key}`, new Uint8Array(archive));
      await ask(sandbox, 'PUT', `${pointer.bucket}/${pointer.key}`, JSON.stringify({ sha256 }));
      onLine(`${repository}: packed ${version}, ${archive.length} bytes, sha256:${sha256}`);
    }
  },
});
