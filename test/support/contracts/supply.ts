import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Images, Secrets, Source, Tasks } from '../../../release/ports/supply.ts';

export interface ImagesWorld {
  readonly images: Images;
  readonly repository: string;
  /** A tag that is there, and the digest it stands for. */
  readonly tag: string;
  readonly digest: string;
  close(): Promise<void>;
}

export const imagesContract = (name: string, open: () => Promise<ImagesWorld>): void => {
  describe(`the image registry on ${name}`, () => {
    let world: ImagesWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    it('finds an image by its digest', async () => {
      const { images, repository, tag, digest } = world;
      expect(await images.find(repository, tag)).toBe(`${repository}@${digest}`);
    });

    it('knows what is not there: tag or repository', async () => {
      const { images, repository, tag } = world;
      expect(await images.find(repository, 'v404.0.0')).toBeUndefined();
      expect(await images.find(`${repository}-missing`, tag)).toBeUndefined();
    });
  });
};

export interface SecretsWorld {
  readonly secrets: Secrets;
  /** Sets the value, the first time or again. */
  readonly put: (name: string, value: string) => Promise<unknown>;
  close(): Promise<void>;
}

export const secretsContract = (name: string, open: () => Promise<SecretsWorld>): void => {
  describe(`the secret store on ${name}`, () => {
    let world: SecretsWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    it('describes a secret by a reference that holds no value', async () => {
      const { secrets, put } = world;
      await put('database-url', 'postgres://planted-1');
      const reference = await secrets.describe('database-url');
      expect(reference?.arn).toMatch(/^arn:/);
      expect(reference?.version).toMatch(/\S/);
      expect(JSON.stringify(reference)).not.toContain('planted');
      expect(await secrets.describe('no-such-secret')).toBeUndefined();
    });

    it('still reads the old version after the secret was rotated', async () => {
      const { secrets, put } = world;
      await put('api-key', 'planted-old');
      const old = await secrets.describe('api-key');
      await put('api-key', 'planted-new');
      const now = await secrets.describe('api-key');
      if (old === undefined || now === undefined) throw new Error('the secret is gone');
      expect(now.version).not.toBe(old.version);
      expect(await secrets.read(old)).toBe('planted-old');
      expect(await secrets.read(now)).toBe('planted-new');
    });
  });
};

export interface SourceWorld {
  readonly source: Source;
  readonly version: string;
  /** The tag's commit, where the test knows it. */
  readonly commit?: string;
  close(): Promise<void>;
}

export const sourceContract = (name: string, open: () => Promise<SourceWorld>): void => {
  describe(`the source on ${name}`, () => {
    let world: SourceWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    it('knows the commit of a tag, and that a tag is missing', async () => {
      const commit = await world.source.tag(world.version);
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
      if (world.commit !== undefined) expect(commit).toBe(world.commit);
      expect(await world.source.tag('v404.0.0')).toBeUndefined();
    });

    it('knows where it stands and who asks', async () => {
      const head = await world.source.head();
      expect(head.commit).toMatch(/^[0-9a-f]{40}$/);
      expect(head.ref).toMatch(/\S/);
      expect(head.actor).toMatch(/\S/);
    });
  });
};

export interface TasksWorld {
  readonly tasks: Tasks;
  close(): Promise<void>;
}

export const tasksContract = (name: string, open: () => Promise<TasksWorld>): void => {
  describe(`one-off tasks on ${name}`, () => {
    let world: TasksWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    it('run a command with its environment and give its output by line', async () => {
      const lines: string[] = [];
      const { exitCode } = await world.tasks.run(
        'echo "migrating $VERSION"; echo done',
        { VERSION: 'v2.0.0' },
        (line) => lines.push(line),
      );
      expect(exitCode).toBe(0);
      expect(lines).toEqual(['migrating v2.0.0', 'done']);
    });

    it('give the exit code of a command that failed', async () => {
      const lines: string[] = [];
      const { exitCode } = await world.tasks.run('echo "no such table"; exit 3', {}, (line) =>
        lines.push(line),
      );
      expect(exitCode).toBe(3);
      expect(lines).toEqual(['no such table']);
    });

    it('stop when they are told to', async () => {
      const stop = new AbortController();
      const run = world.tasks.run(
        'echo started; exec sleep 60',
        {},
        () => stop.abort(new Error('enough')),
        stop.signal,
      );
      await expect(run).rejects.toThrow('enough');
    });
  });
};
