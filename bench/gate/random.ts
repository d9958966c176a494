/**
 * Seeded random numbers for the simulation: fast, and the same on every machine.
 *
 * Generator: sfc32 (Chris Doty-Humphrey's small fast counting generator, PractRand). Samplers: Poisson by the alias
 * method (Walker 1977, Vose 1991) with a table per rate; binomial by inversion for few expected successes and by
 * transformed rejection (BTRS, Hörmann 1993) otherwise; geometric by inversion; Pareto by inversion.
 */

export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /** The same three numbers give the same sequence; other ones give another, unrelated for our purpose. */
  constructor(seed: number, stream = 0, part = 0) {
    this.a = seed >>> 0;
    this.b = stream >>> 0;
    this.c = part >>> 0;
    for (let i = 0; i < 20; i += 1) this.bits();
  }

  /** 32 random bits, as an unsigned number. */
  bits(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    this.c |= 0;
    return t >>> 0;
  }

  /** Uniform on (0, 1), never 0 or 1. */
  unit(): number {
    return (this.bits() + 0.5) / 4294967296;
  }

  /** Number of trials up to the first success: 1, 2, …; `mean` at least 1. */
  geometric(mean: number): number {
    if (mean <= 1) return 1;
    return 1 + Math.floor(Math.log(this.unit()) / Math.log1p(-1 / mean));
  }

  /** Heavy tail: at least `least`, P(X > x) = (least / x)^shape, not more than `most`. Whole numbers. */
  pareto(least: number, shape: number, most: number): number {
    return Math.min(most, Math.floor(least * this.unit() ** (-1 / shape)));
  }

  /** Time to the next event of a Poisson process, in units of its mean. */
  exponential(): number {
    return -Math.log(this.unit());
  }

  binomial(n: number, p: number): number {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - this.binomial(n, 1 - p);
    return n * p < 10 ? this.binomialByInversion(n, p) : this.binomialByRejection(n, p);
  }

  private binomialByInversion(n: number, p: number): number {
    const odds = p / (1 - p);
    let chance = (1 - p) ** n;
    let u = this.unit();
    let k = 0;
    while (u > chance && k < n) {
      u -= chance;
      chance *= (odds * (n - k)) / (k + 1);
      k += 1;
    }
    return k;
  }

  private binomialByRejection(n: number, p: number): number {
    const spread = Math.sqrt(n * p * (1 - p));
    const b = 1.15 + 2.53 * spread;
    const a = -0.0873 + 0.0248 * b + 0.01 * p;
    const centre = n * p + 0.5;
    const alpha = (2.83 + 5.1 / b) * spread;
    const mode = Math.floor((n + 1) * p);
    for (;;) {
      const u = this.unit() - 0.5;
      const v = this.unit();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + centre);
      if (k < 0 || k > n) continue;
      if (us >= 0.07 && v <= 0.92 - 4.2 / b) return k;
      const bound =
        logFactorial(mode) +
        logFactorial(n - mode) -
        logFactorial(k) -
        logFactorial(n - k) +
        (k - mode) * Math.log(p / (1 - p));
      if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k;
    }
  }
}

/** ln k!, exact for small k, Stirling's series beyond (error below 1e-10). */
export const logFactorial = (k: number): number => {
  if (k < LOG_FACTORIALS.length) return LOG_FACTORIALS[k] ?? 0;
  const n = k + 1;
  const inverse = 1 / n;
  return (
    (n - 0.5) * Math.log(n) -
    n +
    0.9189385332046727 +
    inverse * (1 / 12 - inverse * inverse * (1 / 360 - inverse * inverse * (1 / 1260)))
  );
};

const LOG_FACTORIALS: readonly number[] = (() => {
  const table = [0, 0];
  for (let k = 2; k < 128; k += 1) table.push((table[k - 1] ?? 0) + Math.log(k));
  return table;
})();

/** Poisson numbers of one rate, in constant time: a random number and two look-ups each. */
export class Poisson {
  readonly mean: number;
  private readonly first: number;
  private readonly threshold: Float64Array;
  private readonly alias: Int32Array;

  constructor(mean: number) {
    this.mean = mean;
    // Ten standard deviations each way: what lies outside has a chance below 1e-15.
    const reach = 10 * Math.sqrt(mean) + 25;
    this.first = Math.max(0, Math.floor(mean - reach));
    const size = Math.ceil(mean + reach) - this.first + 1;
    const chances = new Float64Array(size);
    let sum = 0;
    for (let i = 0; i < size; i += 1) {
      const k = this.first + i;
      const chance = mean === 0 ? (k === 0 ? 1 : 0) : Math.exp(k * Math.log(mean) - mean - logFactorial(k));
      chances[i] = chance;
      sum += chance;
    }
    this.threshold = new Float64Array(size);
    this.alias = new Int32Array(size);
    this.build(chances, size / sum);
  }

  private build(chances: Float64Array, scale: number): void {
    const size = chances.length;
    const scaled = chances.map((chance) => chance * scale);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < size; i += 1) ((scaled[i] ?? 0) < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const low = small.pop() ?? 0;
      const high = large[large.length - 1] ?? 0;
      this.threshold[low] = scaled[low] ?? 0;
      this.alias[low] = high;
      scaled[high] = (scaled[high] ?? 0) - (1 - (scaled[low] ?? 0));
      if ((scaled[high] ?? 0) < 1) {
        large.pop();
        small.push(high);
      }
    }
    for (const i of [...small, ...large]) {
      this.threshold[i] = 1;
      this.alias[i] = i;
    }
  }

  sample(random: Random): number {
    // One random number says which column, and by its fraction which part of it: tables have at most some 10^4 columns.
    const place = random.unit() * this.threshold.length;
    const i = Math.floor(place);
    return this.first + (place - i < (this.threshold[i] ?? 1) ? i : (this.alias[i] ?? i));
  }
}

const tables = new Map<number, Poisson>();

/** Lets go of all tables: a workload at 10,000 requests a second has some tens of megabytes of them. */
export const forgetTables = (): void => tables.clear();

/** A number for a name, to give each workload a stream of its own (FNV-1a). */
export const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
};

/** The table for a mean, made once per process. */
export const poisson = (mean: number): Poisson => {
  const known = tables.get(mean);
  if (known !== undefined) return known;
  const made = new Poisson(mean);
  tables.set(mean, made);
  return made;
};
