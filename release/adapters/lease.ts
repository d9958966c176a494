import { z } from 'zod';
import type { Clock } from '../../lib/clock.ts';
import { ExpectedError, EXIT, refused } from '../../lib/errors.ts';
import { ask, letGo, renew, type Lease, type LeaseAnswer, type LeaseRequest } from '../core/lease/lease.ts';
import type { ObjectStore } from '../ports/objects.ts';

const schema = z.object({
  format: z.literal(1),
  deployment: z.string(),
  holder: z.string(),
  token: z.string(),
  takenAt: z.number(),
  expiresAt: z.number(),
  serial: z.number(),
  handedOn: z.boolean(),
});

/** The lease of one environment, on a store with compare-and-set. */
export interface LeaseStore {
  /** Asks once. */
  acquire(request: LeaseRequest): Promise<LeaseAnswer>;
  /** The new end of the lease, ms; undefined when it belongs to somebody else, who is named by `read`. */
  renew(token: string, ttlMs: number): Promise<number | undefined>;
  /** `keepMs`: for the next job of the same deployment. */
  letGo(token: string, keepMs?: number): Promise<void>;
  read(): Promise<Lease | undefined>;
}

export const leaseKey = (environment: string): string => `leases/${environment}.json`;

const parse = (body: string, key: string): Lease => {
  try {
    return schema.parse(JSON.parse(body));
  } catch (error) {
    throw refused(
      `lease ${key} is damaged; nothing was changed`,
      `make sure that no release runs (sluice status), then delete the object ${key}`,
      error,
    );
  }
};

/** Compare-and-set loses only to somebody who won: a few tries are plenty. */
const TRIES = 20;

export const leaseStore = (objects: ObjectStore, environment: string, clock: Clock): LeaseStore => {
  const key = leaseKey(environment);
  const load = async (): Promise<{ lease: Lease; etag: string } | undefined> => {
    const found = await objects.get(key);
    return found === undefined ? undefined : { lease: parse(found.body, key), etag: found.etag };
  };
  const store = (lease: Lease, etag: string | undefined): Promise<string | undefined> =>
    objects.put(key, JSON.stringify(lease), etag ?? null);
  const change = async (
    decide: (current: Lease | undefined) => Lease | undefined,
  ): Promise<Lease | undefined> => {
    for (let i = 0; i < TRIES; i += 1) {
      const found = await load();
      const next = decide(found?.lease);
      if (next === undefined) return undefined;
      if ((await store(next, found?.etag)) !== undefined) return next;
    }
    throw new ExpectedError(`lease ${key} changes too often to be written`, { exit: EXIT.refused });
  };
  return {
    acquire: async (request) => {
      let answer: LeaseAnswer | undefined;
      await change((current) => {
        answer = ask(current, request, clock.now());
        return answer.kind === 'granted' ? answer.lease : undefined;
      });
      if (answer === undefined) throw new Error('the lease was not asked for');
      return answer;
    },
    renew: async (token, ttlMs) => (await change((c) => renew(c, token, clock.now(), ttlMs)))?.expiresAt,
    letGo: async (token, keepMs) => {
      await change((current) => letGo(current, token, clock.now(), keepMs));
    },
    read: async () => (await load())?.lease,
  };
};
