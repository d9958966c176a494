import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../release/ports/objects.ts';

export interface ObjectsWorld {
  readonly objects: ObjectStore;
  close(): Promise<void>;
}

export const objectsContract = (name: string, open: () => Promise<ObjectsWorld>): void => {
  describe(`the object store on ${name}`, () => {
    let world: ObjectsWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    it('keeps what was put, and knows what is not there', async () => {
      const { objects } = world;
      expect(await objects.get('a/one.json')).toBeUndefined();
      const etag = await objects.put('a/one.json', '{"text":"grün"}');
      expect(await objects.get('a/one.json')).toEqual({ body: '{"text":"grün"}', etag });
      await objects.delete('a/one.json');
      await objects.delete('a/one.json');
      expect(await objects.get('a/one.json')).toBeUndefined();
    });

    it('creates only where nothing is', async () => {
      const { objects } = world;
      expect(await objects.put('b/lease', 'first', null)).toMatch(/\S/);
      expect(await objects.put('b/lease', 'second', null)).toBeUndefined();
      expect((await objects.get('b/lease'))?.body).toBe('first');
    });

    it('replaces only what it has read', async () => {
      const { objects } = world;
      const first = await objects.put('c/lease', 'first');
      const second = await objects.put('c/lease', 'second', first ?? '');
      expect(second).toMatch(/\S/);
      expect(await objects.put('c/lease', 'third', first ?? '')).toBeUndefined();
      expect(await objects.put('c/gone', 'x', first ?? '')).toBeUndefined();
      expect((await objects.get('c/lease'))?.body).toBe('second');
    });

    it('lists by prefix', async () => {
      const { objects } = world;
      await Promise.all(['d/2', 'd/1', 'd/sub/3', 'dd/4'].map((key) => objects.put(key, 'x')));
      expect([...(await objects.list('d/'))].sort()).toEqual(['d/1', 'd/2', 'd/sub/3']);
      expect(await objects.list('nothing/')).toEqual([]);
    });
  });
};
