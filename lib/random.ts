/** Uniform on [0, 1). */
export type Random = () => number;

/** The same seed gives the same numbers on every machine (Mulberry32: 32 bits of state, plenty for a simulation). */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

const LARGE = 60;

/** Number of events of a Poisson process: exact by inversion up to a mean of 60, a rounded normal beyond. */
export const poisson = (random: Random, mean: number): number => {
  if (!(mean > 0)) return 0;
  if (mean > LARGE) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let chance = Math.exp(-mean);
  let left = random() - chance;
  let events = 0;
  while (left > 0 && chance > 0) {
    events += 1;
    chance *= mean / events;
    left -= chance;
  }
  return events;
};

/** How many of `n` requests are hit with chance `p`: Poisson for rare ones and their mirror for common ones. */
export const someOf = (random: Random, n: number, p: number): number =>
  p > 0.5 ? n - Math.min(n, poisson(random, n * (1 - p))) : Math.min(n, poisson(random, n * p));
