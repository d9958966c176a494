import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unzip } from './zip.ts';

/** Unpacked code of one artifact. */
export interface Code {
  readonly folder: string;
  /** Base64 of the SHA-256 of the archive, as AWS reports it. */
  readonly codeSha256: string;
  readonly codeSize: number;
}

/** Unpacks an archive once, by its digest. Throws `CloudError` when Lambda would not take it. */
export const unpackCode = async (directory: string, archive: Buffer): Promise<Code> => {
  const digest = createHash('sha256').update(archive).digest();
  const folder = join(directory, digest.toString('hex').slice(0, 24));
  const code = { folder, codeSha256: digest.toString('base64'), codeSize: archive.length };
  if (existsSync(folder)) return code;
  const partial = `${folder}.partial-${randomUUID()}`;
  for (const [path, content] of Object.entries(unzip(archive))) {
    await mkdir(dirname(join(partial, path)), { recursive: true });
    await writeFile(join(partial, path), content);
  }
  await mkdir(dirname(folder), { recursive: true });
  try {
    await rename(partial, folder);
  } catch (error) {
    // Unpacked twice at once: the first is as good.
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return code;
};
