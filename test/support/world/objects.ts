import type { ObjectStore, StoredObject } from '../../../release/ports/objects.ts';

/** A bucket in memory, with compare-and-set; it can be out of reach. */
export class MemoryObjects implements ObjectStore {
  readonly objects = new Map<string, StoredObject>();
  down = false;
  private count = 0;

  private async reach(): Promise<void> {
    await Promise.resolve();
    if (this.down) throw new Error('the bucket cannot be reached');
  }

  async get(key: string): Promise<StoredObject | undefined> {
    await this.reach();
    return this.objects.get(key);
  }

  async put(key: string, body: string, ifMatch?: string | null): Promise<string | undefined> {
    await this.reach();
    const there = this.objects.get(key);
    if (ifMatch === null && there !== undefined) return undefined;
    if (typeof ifMatch === 'string' && there?.etag !== ifMatch) return undefined;
    this.count += 1;
    const etag = `"${this.count}"`;
    this.objects.set(key, { body, etag });
    return etag;
  }

  async list(prefix: string): Promise<readonly string[]> {
    await this.reach();
    return [...this.objects.keys()].filter((k) => k.startsWith(prefix)).sort();
  }

  async delete(key: string): Promise<void> {
    await this.reach();
    this.objects.delete(key);
  }
}
