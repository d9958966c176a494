import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { CloudError } from './options.ts';

export interface Image {
  /** `docker.io/azora/api-gateway` */
  readonly repository: string;
  /** `sha256:<64 hex>` over the files and the environment. */
  readonly digest: string;
  /** A frozen copy of the published folder; `main.js` in it is what runs. */
  readonly directory: string;
  /** Baked into the image; a container's own environment wins over it. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Publication {
  readonly repository: string;
  readonly tag: string;
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const LEFT_OUT = new Set(['node_modules', '.git']);

const filesOf = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile())
    .map((e) => relative(directory, join(e.parentPath, e.name)))
    .filter((path) => !path.split(sep).some((part) => LEFT_OUT.has(part)))
    .sort();
};

/** Digest over names, contents and environment: the same input is the same image, on any machine. */
export const digestOf = async (
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> => {
  const hash = createHash('sha256');
  for (const path of await filesOf(directory)) {
    const content = await readFile(join(directory, path));
    hash.update(`${path.replaceAll(sep, '/')}\0${content.length}\0`).update(content);
  }
  for (const [key, value] of Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${key}=${value}\0`);
  return `sha256:${hash.digest('hex')}`;
};

/** The nearest `node_modules` above the source: an image's copy links to it, as an image would carry its own. */
const modulesAbove = (directory: string): string | undefined => {
  for (let at = resolve(directory); ; at = dirname(at)) {
    const candidate = join(at, 'node_modules');
    if (existsSync(candidate)) return candidate;
    if (dirname(at) === at) return undefined;
  }
};

/** Images by repository, tag and digest. A tag may move; a digest never changes what it means. */
export class Registry {
  readonly #root: string;
  readonly #images = new Map<string, Image>();
  readonly #tags = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  async publish({ repository, tag, directory, environment = {} }: Publication): Promise<Image> {
    if (!existsSync(join(directory, 'main.js')))
      throw new CloudError('InvalidImage', `${directory} holds no main.js: nothing to run`);
    const digest = await digestOf(directory, environment);
    const copy = join(this.#root, digest.slice('sha256:'.length, 'sha256:'.length + 24));
    if (!existsSync(copy)) await this.#freeze(directory, copy);
    const image = { repository, digest, directory: copy, environment };
    this.#images.set(`${repository}@${digest}`, image);
    this.#tags.set(`${repository}:${tag}`, digest);
    return image;
  }

  async #freeze(directory: string, copy: string): Promise<void> {
    const partial = `${copy}.partial-${process.hrtime.bigint()}`;
    await mkdir(partial, { recursive: true });
    for (const path of await filesOf(directory)) await cp(join(directory, path), join(partial, path));
    const modules = modulesAbove(directory);
    // To where they are: a job's checkout goes when the job ends, and with it a link that stands in it.
    if (modules !== undefined) await symlink(await realpath(modules), join(partial, 'node_modules'));
    try {
      await rename(partial, copy);
    } catch (error) {
      // Published twice at once: the first copy is as good.
      await rm(partial, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }

  /** By `repository@sha256:…`, `repository:tag`, or `repository` (tag `latest`). */
  find(reference: string): Image | undefined {
    if (reference.includes('@')) return this.#images.get(reference.replace(/:[^:@/]+@/, '@'));
    const tagged = /:[^:/]+$/.test(reference) ? reference : `${reference}:latest`;
    const digest = this.#tags.get(tagged);
    return digest === undefined
      ? undefined
      : this.#images.get(`${tagged.slice(0, tagged.lastIndexOf(':'))}@${digest}`);
  }

  list(): { reference: string; digest: string }[] {
    return [...this.#tags].map(([reference, digest]) => ({ reference, digest }));
  }
}
