import { seeded } from './random.ts';

/** One kind of request users make. */
export interface Visit {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** Share among all visits, any unit. */
  readonly weight: number;
}

/** Azora's users: mostly reading, some of it from the database, a few sign in. */
export const AZORA_VISITS: readonly Visit[] = [
  { method: 'GET', path: '/api/', weight: 30 },
  { method: 'GET', path: '/auth/session', weight: 24 },
  { method: 'GET', path: '/api/education/courses', weight: 21 },
  { method: 'GET', path: '/api/marketplace/listings', weight: 21 },
  { method: 'POST', path: '/auth/session', body: '{"user":"user1@azora.example"}', weight: 4 },
];

/** Picks visits by weight, from a seed. */
export const visitor = (visits: readonly Visit[], seed: number): (() => Visit) => {
  const random = seeded(seed);
  const total = visits.reduce((sum, v) => sum + v.weight, 0);
  const [first] = visits;
  if (first === undefined || total <= 0) throw new Error('no visits to make');
  return () => {
    let at = random() * total;
    for (const visit of visits) {
      at -= visit.weight;
      if (at < 0) return visit;
    }
    return first;
  };
};

/**
 * Arrival times in ms from the start, at a constant rate: one request in each slot of `1000 / rate` ms,
 * at a seeded place inside it. Users do not wait for each other's answers, so neither does the plan.
 * In the first `rampMs` the rate grows evenly from nothing: processes that have just started are not met by a wall.
 */
export const arrivals = (rate: number, seed: number, rampMs = 0): (() => number) => {
  const random = seeded(seed ^ 0x5bd1e995);
  const slot = 1_000 / rate;
  const ramped = rampMs / 2 / slot;
  /** When the n-th slot begins: the moment by which n requests are due. */
  const edge = (n: number): number => (n < ramped ? Math.sqrt(2 * rampMs * slot * n) : rampMs / 2 + n * slot);
  let n = 0;
  return () => {
    const from = edge(n);
    n += 1;
    return from + random() * (edge(n) - from);
  };
};
