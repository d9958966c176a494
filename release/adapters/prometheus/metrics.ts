import type { Clock } from '../../../lib/clock.ts';
import { badInput } from '../../../lib/errors.ts';
import type { Baseline, Counts, MetricQuery, MetricSource, MetricWindow } from '../../ports/metrics.ts';
import { bucketsOf, edgeAbove, quantileOf, slowerThanEdge, type Buckets } from './buckets.ts';
import { growth, total, type Grown } from './increase.ts';
import { MOST_STEPS, queryRange, type PrometheusServer, type Stepped } from './range.ts';
import { fillTemplate, type Names } from './template.ts';

/**
 * PromQL that gives counters, one series per process, as the application counts: no `rate`, no `sum`. `$service`,
 * `$targetGroup` and every name of `namesOf` are filled in.
 */
export interface Templates {
  /** `http_requests_total{service="$service", slot="$slot"}` */
  readonly requests: string;
  /** `http_requests_total{service="$service", slot="$slot", code=~"5.."}` */
  readonly errors: string;
  /** Buckets of a histogram in seconds: `http_request_duration_seconds_bucket{…}`; undefined: no latency. */
  readonly latency?: string;
  /** Above zero where the version is scraped, such as `up{…}`; undefined: where it has any request counter. */
  readonly alive?: string;
}

export interface PrometheusOptions extends PrometheusServer {
  readonly templates: Templates;
  readonly clock: Pick<Clock, 'now'>;
  /** What a target group's series are called: slot, deployment, version. */
  readonly namesOf?: (targetGroup: string) => Names;
  /** How long after its end a window is asked for, ms: longer than a scrape takes. 10 s unless told. */
  readonly lateMs?: number;
}

const LATE_MS = 10_000;
/** How far back a series is looked for that has missed its scrapes. */
const BEFORE_MS = 600_000;
const QUANTILES = [0.5, 0.95, 0.99] as const;

/** Everything about one target group at the same steps. */
interface Raw {
  readonly requests: readonly Stepped[];
  readonly errors: readonly Stepped[];
  readonly latency: readonly Stepped[];
  readonly alive: readonly Stepped[];
}

interface Side {
  readonly requests: readonly Grown[];
  readonly errors: readonly Grown[];
  readonly latency: readonly Grown[];
  seenAt(step: number): boolean;
}

const isAlive = (raw: Raw, step: number): boolean => raw.alive.some((s) => (s.values.get(step) ?? 0) > 0);

const refuseWidth = (widthMs: number): void => {
  if (widthMs >= 1_000 && widthMs % 1_000 === 0) return;
  throw badInput('there are no such windows', [
    { path: 'gate.window', reason: 'not whole seconds', got: `${widthMs} ms`, allowed: '1s and more' },
  ]);
};

/** Counts of versions from a Prometheus, by growth of their counters between the edges of the windows. */
export const prometheusMetrics = (options: PrometheusOptions): MetricSource => {
  const { templates, clock, namesOf, lateMs = LATE_MS } = options;

  const readGroup = async (service: string, group: string, steps: readonly number[]): Promise<Raw> => {
    const names: Names = { service, targetGroup: group, ...namesOf?.(group) };
    const [from = 0, second = 0] = steps;
    const read = (path: keyof Templates): Promise<readonly Stepped[]> => {
      const template = templates[path];
      if (template === undefined) return Promise.resolve([]);
      const query = fillTemplate(`metrics.${path}`, template, names);
      return queryRange(options, query, from, steps.at(-1) ?? from, second - from);
    };
    const [requests, errors, latency, alive] = await Promise.all([
      read('requests'),
      read('errors'),
      read('latency'),
      read('alive'),
    ]);
    // Without a template of its own, a version is there where any of its request counters is.
    const there = requests.map((s) => ({ ...s, values: new Map([...s.values.keys()].map((t) => [t, 1])) }));
    return { requests, errors, latency, alive: templates.alive === undefined ? there : alive };
  };

  /** Sides that were read together: where one of them was scraped, a series that was not there had not begun. */
  const grow = (all: readonly Raw[], steps: readonly number[]): Side[] => {
    const scraped = new Set(steps.filter((step) => all.some((raw) => isAlive(raw, step))));
    const by = (series: readonly Stepped[]): Grown[] => growth(series, steps, (step) => scraped.has(step));
    return all.map((raw) => ({
      requests: by(raw.requests),
      errors: by(raw.errors),
      latency: by(raw.latency),
      seenAt: (step) => isAlive(raw, step),
    }));
  };

  const stepsFor = (from: number, to: number, widthMs: number): { steps: number[]; first: number } => {
    const first = Math.ceil(BEFORE_MS / widthMs);
    const count = Math.round((to - from) / widthMs) + first;
    return { steps: Array.from({ length: count + 1 }, (_, i) => from + (i - first) * widthMs), first };
  };

  const windows = async ({ services, since, widthMs }: MetricQuery): Promise<readonly MetricWindow[]> => {
    refuseWidth(widthMs);
    const to = Math.floor((clock.now() - lateMs) / widthMs) * widthMs;
    const from = Math.max(Math.ceil(since / widthMs) * widthMs, to - MOST_STEPS * widthMs + BEFORE_MS);
    if (to <= from) return [];
    const { steps, first } = stepsFor(from, to, widthMs);
    const wanted = Object.entries(services);
    const groups = wanted.flatMap(([service, s]) =>
      [s.fresh, s.stable].flatMap((group) => (group === undefined ? [] : [{ service, group }])),
    );
    const raw = await Promise.all(groups.map(({ service, group }) => readGroup(service, group, steps)));
    const sides = grow(raw, steps);
    const sideOf = (service: string, group: string | undefined): Side | undefined =>
      sides[groups.findIndex((g) => g.service === service && g.group === group)];
    return steps.slice(first, -1).flatMap((at, n) =>
      wanted.map(([service, s]) => {
        const window = first + n;
        const [fresh, stable] = [sideOf(service, s.fresh), sideOf(service, s.stable)];
        const seen = (side: Side | undefined): boolean => side?.seenAt(at + widthMs) ?? false;
        const count = countsWith(s.slowerThanMs, window, fresh, stable);
        return {
          service,
          from: at,
          to: at + widthMs,
          fresh: count(fresh),
          stable: count(stable),
          seen: { fresh: seen(fresh), stable: seen(stable) },
        };
      }),
    );
  };

  const baseline: MetricSource['baseline'] = async (targetGroups, lookbackMs, widthMs) => {
    refuseWidth(widthMs);
    const to = Math.floor((clock.now() - lateMs) / widthMs) * widthMs;
    const from = to - Math.min(MOST_STEPS, Math.max(1, Math.floor(lookbackMs / widthMs))) * widthMs;
    const { steps, first } = stepsFor(from, to, widthMs);
    const wanted = Object.entries(targetGroups);
    const raw = await Promise.all(wanted.map(([service, group]) => readGroup(service, group, steps)));
    const sides = grow(raw, steps);
    return Object.fromEntries(
      wanted.flatMap(([service], i) => {
        const side = sides[i];
        const found = side === undefined ? undefined : baselineOf(side, steps, first);
        return found === undefined ? [] : [[service, found] as const];
      }),
    );
  };

  return { windows, baseline };
};

const countsWith =
  (slowerThanMs: number | undefined, window: number, ...sides: readonly (Side | undefined)[]) =>
  (side: Side | undefined): Counts => {
    if (side === undefined) return { requests: 0, errors: 0, slow: 0 };
    const buckets = (one: Side): Buckets => bucketsOf(one.latency, window, window + 1);
    const all = sides.flatMap((one) => (one === undefined ? [] : [buckets(one)]));
    const mine = buckets(side);
    const edge = edgeAbove((slowerThanMs ?? Infinity) / 1_000, ...all);
    const [p50, p95] = [quantileOf(mine, 0.5), quantileOf(mine, 0.95)];
    return {
      requests: Math.round(total(side.requests, window)),
      errors: Math.round(total(side.errors, window)),
      slow: slowerThanMs === undefined ? 0 : slowerThanEdge(mine, edge),
      ...(p50 === undefined ? {} : { p50 }),
      ...(p95 === undefined ? {} : { p95 }),
    };
  };

/** From the first window at whose beginning the version was there; undefined when it never was. */
const baselineOf = (side: Side, steps: readonly number[], first: number): Baseline | undefined => {
  const start = steps.findIndex((step, i) => i >= first && i < steps.length - 1 && side.seenAt(step));
  if (start < 0) return undefined;
  const windows = Array.from({ length: steps.length - 1 - start }, (_, i) => start + i);
  const requests = windows.reduce((sum, w) => sum + total(side.requests, w), 0);
  const errorWindows = windows.map((w) => Math.round(total(side.errors, w)));
  const buckets = bucketsOf(side.latency, start, steps.length - 1);
  const [p50, p95, p99] = QUANTILES.map((q) => quantileOf(buckets, q));
  return {
    requests: Math.round(requests),
    errors: errorWindows.reduce((sum, n) => sum + n, 0),
    seconds: ((steps.at(-1) ?? 0) - (steps[start] ?? 0)) / 1_000,
    p50,
    p95,
    p99,
    errorWindows,
  };
};
