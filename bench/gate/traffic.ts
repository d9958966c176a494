/** Draws one hour of a workload's traffic, in steps of ten seconds, into arrays that are used again for every run. */

import { poisson, type Poisson, type Random } from './random.ts';
import { STEP_SECONDS, STEPS, type Bursts, type Workload } from './workloads.ts';

export const MINUTES = STEPS / 6;

/** Requests and bad requests per step of the new version, of a baseline of the same size, and of the whole stable version. */
export interface Series {
  readonly fresh: Float64Array;
  readonly freshBad: Float64Array;
  readonly baseline: Float64Array;
  readonly baselineBad: Float64Array;
  readonly stable: Float64Array;
  readonly stableBad: Float64Array;
}

/** What was known of the stable version's errors before the release, per window. */
export interface Reference {
  readonly mean: number;
  readonly largest: number;
}

export interface Traffic {
  readonly workload: Workload;
  /** Steps of ten seconds. */
  readonly steps: Series;
  /** The same by the minute. */
  readonly minutes: Series;
  readonly before: { steps: Reference; minutes: Reference };
}

const series = (length: number): Series => ({
  fresh: new Float64Array(length),
  freshBad: new Float64Array(length),
  baseline: new Float64Array(length),
  baselineBad: new Float64Array(length),
  stable: new Float64Array(length),
  stableBad: new Float64Array(length),
});

export const emptyTraffic = (workload: Workload): Traffic => ({
  workload,
  steps: series(STEPS),
  minutes: series(MINUTES),
  before: { steps: { mean: 0, largest: 0 }, minutes: { mean: 0, largest: 0 } },
});

/** Good and bad requests are independent Poisson numbers: a Poisson number of requests, each bad by chance. */
interface Tables {
  readonly good: Poisson;
  readonly bad: Poisson;
}

export class Source {
  private readonly workload: Workload;
  private readonly random: Random;
  private readonly levels: readonly { fresh: Tables; baseline: Tables; rest: Tables }[];
  private readonly levelOf = new Uint8Array(STEPS);
  private readonly baselineShare: number;
  private readonly errorsBefore: Poisson;
  private readonly history = new Float64Array(STEPS);

  constructor(workload: Workload, random: Random) {
    this.workload = workload;
    this.random = random;
    const requests = workload.rate * STEP_SECONDS;
    const { share } = workload;
    // As large as the new version's part, where the stable version still has so much.
    this.baselineShare = Math.min(share, 1 - share);
    this.levels = workload.levels.map((level) => {
      const tables = (part: number, chance: number): Tables => ({
        good: poisson(requests * level.load * part * (1 - chance)),
        bad: poisson(requests * level.load * part * chance),
      });
      return {
        fresh: tables(share, level.fresh),
        baseline: tables(this.baselineShare, level.stable),
        rest: tables(Math.max(0, 1 - share - this.baselineShare), level.stable),
      };
    });
    this.errorsBefore = poisson(requests * workload.errors);
    if (workload.when.kind === 'minutes')
      for (let i = 0; i < STEPS; i += 1) this.levelOf[i] = Math.floor(i / 6);
    if (workload.when.kind === 'from') {
      const { second, until } = workload.when;
      for (let i = 0; i < STEPS; i += 1) {
        const at = i * STEP_SECONDS;
        this.levelOf[i] = at >= second && at < until ? 1 : 0;
      }
    }
  }

  /** Fills `traffic` with a new run. */
  draw(traffic: Traffic): void {
    const { workload, random, levelOf } = this;
    if (workload.when.kind === 'once') {
      const length = workload.when.seconds / STEP_SECONDS;
      const start = Math.floor(random.unit() * (STEPS - length + 1));
      levelOf.fill(0);
      levelOf.fill(1, start, start + length);
    }
    const { fresh, freshBad, baseline, baselineBad, stable, stableBad } = traffic.steps;
    for (let i = 0; i < STEPS; i += 1) {
      const level = this.levels[levelOf[i] ?? 0];
      if (level === undefined) throw new Error(`no level ${levelOf[i]} in ${workload.name}`);
      const xf = level.fresh.bad.sample(random);
      const xb = level.baseline.bad.sample(random);
      const nb = xb + level.baseline.good.sample(random);
      const xr = level.rest.bad.sample(random);
      freshBad[i] = xf;
      fresh[i] = xf + level.fresh.good.sample(random);
      baselineBad[i] = xb;
      baseline[i] = nb;
      stableBad[i] = xb + xr;
      stable[i] = nb + xr + level.rest.good.sample(random);
    }
    if (workload.bursts !== undefined) this.drawBursts(traffic.steps, workload.bursts);
    this.drawBefore(traffic);
    if (workload.lost > 0) this.lose(traffic.steps);
    toMinutes(traffic.steps, traffic.minutes);
  }

  private drawBursts(steps: Series, bursts: Bursts): void {
    const { random, workload } = this;
    let at = (random.exponential() / bursts.perMinute) * 60;
    while (at < STEPS * STEP_SECONDS) {
      const where = random.unit();
      const length = this.burstLength(bursts);
      const size = this.burstSize(bursts, length);
      // One client or instance: all of a burst is one version's.
      if (where < workload.share) spread(random, steps.freshBad, at, length, size);
      else {
        spread(
          random,
          steps.stableBad,
          at,
          length,
          size,
          where < workload.share + this.baselineShare ? steps.baselineBad : undefined,
        );
      }
      at += (random.exponential() / bursts.perMinute) * 60;
    }
    // Among the requests where there are so many, otherwise requests of their own (retries).
    atLeast(steps.fresh, steps.freshBad);
    atLeast(steps.baseline, steps.baselineBad);
    atLeast(steps.stable, steps.stableBad);
  }

  private burstLength(bursts: Bursts): number {
    return bursts.exactly ? bursts.seconds : bursts.seconds * this.random.unit();
  }

  private burstSize(bursts: Bursts, length: number): number {
    const { size } = bursts;
    if (size.kind === 'geometric') return this.random.geometric(size.mean);
    if (size.kind === 'pareto') return this.random.pareto(size.least, size.shape, size.most);
    return Math.max(1, Math.round((this.workload.rate / size.of) * length));
  }

  private drawBefore(traffic: Traffic): void {
    const { workload, random, history } = this;
    const mean = workload.rate * STEP_SECONDS * workload.errors;
    if (workload.bursts?.before !== true) {
      // Nothing but chance before the release: the largest window says nothing that its mean does not.
      traffic.before.steps = { mean, largest: mean };
      traffic.before.minutes = { mean: mean * 6, largest: mean * 6 };
      return;
    }
    for (let i = 0; i < STEPS; i += 1) history[i] = this.errorsBefore.sample(random);
    const { bursts } = workload;
    for (let at = 0; ;) {
      at += (random.exponential() / bursts.perMinute) * 60;
      if (at >= STEPS * STEP_SECONDS) break;
      const length = this.burstLength(bursts);
      spread(random, history, at, length, this.burstSize(bursts, length));
    }
    traffic.before.steps = summary(history, 1);
    traffic.before.minutes = summary(history, 6);
  }

  private lose(steps: Series): void {
    for (let i = 0; i < STEPS; i += 1) {
      if (this.random.unit() >= this.workload.lost) continue;
      steps.fresh[i] = 0;
      steps.freshBad[i] = 0;
      steps.baseline[i] = 0;
      steps.baselineBad[i] = 0;
      steps.stable[i] = 0;
      steps.stableBad[i] = 0;
    }
  }
}

/** Puts `size` errors evenly over `length` seconds from `at`; what would come after the hour is lost. */
const spread = (
  random: Random,
  into: Float64Array,
  at: number,
  length: number,
  size: number,
  also?: Float64Array,
): void => {
  let left = size;
  let from = at;
  const end = at + length;
  for (let step = Math.floor(at / STEP_SECONDS); left > 0 && step < into.length; step += 1) {
    const edge = Math.min(end, (step + 1) * STEP_SECONDS);
    const part = edge >= end ? left : random.binomial(left, (edge - from) / (end - from));
    into[step] = (into[step] ?? 0) + part;
    if (also !== undefined) also[step] = (also[step] ?? 0) + part;
    left -= part;
    from = edge;
  }
};

const atLeast = (requests: Float64Array, bad: Float64Array): void => {
  for (let i = 0; i < requests.length; i += 1) {
    const x = bad[i] ?? 0;
    if ((requests[i] ?? 0) < x) requests[i] = x;
  }
};

const toMinutes = (steps: Series, minutes: Series): void => {
  sumSixes(steps.fresh, minutes.fresh);
  sumSixes(steps.freshBad, minutes.freshBad);
  sumSixes(steps.baseline, minutes.baseline);
  sumSixes(steps.baselineBad, minutes.baselineBad);
  sumSixes(steps.stable, minutes.stable);
  sumSixes(steps.stableBad, minutes.stableBad);
};

const sumSixes = (from: Float64Array, into: Float64Array): void => {
  for (let m = 0, i = 0; m < into.length; m += 1) {
    let sum = 0;
    for (const end = i + 6; i < end; i += 1) sum += from[i] ?? 0;
    into[m] = sum;
  }
};

const summary = (history: Float64Array, width: number): Reference => {
  let total = 0;
  let largest = 0;
  for (let i = 0; i < history.length; i += width) {
    let sum = 0;
    for (let j = i; j < i + width; j += 1) sum += history[j] ?? 0;
    total += sum;
    if (sum > largest) largest = sum;
  }
  return { mean: total / (history.length / width), largest };
};
