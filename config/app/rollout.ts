import { z } from 'zod';
import {
  choice,
  DAY,
  duration,
  flag,
  HOUR,
  list,
  MINUTE,
  named,
  namePattern,
  nameRule,
  percent,
} from './fields.ts';
import { quantity, ratio, strict, text, whole, words } from './fields.ts';
import { readQuantity } from '../units.ts';
import type { Stage } from '../types.ts';
import { LIMITS } from './limits.ts';

/** How a release is taken through: stages, probes, gate, smoke tests, rollback. */

/** The load balancer's weights are whole numbers up to 999: a smaller share would be none. */
export const SMALLEST_SHARE = 0.1;

const stage = strict({
  /** Shown in records and messages: canary, progressive, full. */
  name: text(namePattern(30), nameRule(30)),
  /** Share of the new version, e.g. "5 %". Its range is checked with its neighbours (cross.ts), to report all at once. */
  traffic: quantity('percent'),
  /** How long the share is held, e.g. "5 minutes". */
  bake: quantity('duration', { max: 7 * DAY }),
});

/** D1: 5 % for 5 minutes, 50 % for 10, 100 % for 15. */
export const STAGED: readonly Stage[] = [
  { name: 'canary', traffic: 5, bake: 5 * MINUTE },
  { name: 'progressive', traffic: 50, bake: 10 * MINUTE },
  { name: 'full', traffic: 100, bake: 15 * MINUTE },
];
/** D3: all traffic at once, after the idle slot was validated. */
export const BLUE_GREEN: readonly Stage[] = [{ name: 'full', traffic: 100, bake: 15 * MINUTE }];
/** Functions: 10 % for 5 minutes, 100 % for 10. */
export const FUNCTIONS: readonly Stage[] = [
  { name: 'canary', traffic: 10, bake: 5 * MINUTE },
  { name: 'full', traffic: 100, bake: 10 * MINUTE },
];
/** Everything at once; the program's own health checks decide. */
export const DIRECT: readonly Stage[] = [{ name: 'full', traffic: 100, bake: MINUTE }];

const stages = list(stage, '1 to 20 stages, each with name, traffic and bake', { min: 1, max: 20 });

const health = strict({
  /** Between probes during a release. Default: 10 seconds. */
  interval: duration().prefault('10 seconds'),
  /** Of one probe. Default: 10 seconds. */
  timeout: duration(100).prefault('10 seconds'),
  /** After start-up, before the first probe counts. Default: 10 seconds. */
  startDelay: duration(0).prefault('10 seconds'),
  /** Tries while a slot comes up. Default: 5. */
  retries: whole(1, 100).prefault(5),
  /** Failures in a row that fail the gate. Default: 3. */
  failures: whole(1, 100).prefault(3),
  /** Of the load balancer outside releases; AWS takes 5 seconds to 5 minutes. Default: 30 seconds. */
  steadyInterval: duration(5000, 5 * MINUTE).prefault('30 seconds'),
});

const ERRORS = { enabled: true, notWorseThan: 1.5, atLeastPerMinute: 1 };
const LATENCY = { enabled: true, slowerThan: 'p95' as const, notWorseThan: 1.5 };

/** A version may be this much worse before it counts, e.g. "1.5x". */
const worse = ratio(1, 100);

const slowerThan = z.unknown().transform((input, context): 'p95' | 'p99' | number => {
  if (input === 'p95' || input === 'p99') return input;
  const reading = readQuantity('duration', input);
  if (reading.ok && reading.value > 0) return reading.value;
  context.issues.push({
    code: 'custom',
    message: 'is neither p95, p99 nor a duration',
    params: { allowed: 'p95 or p99 of the stable version, or a duration such as "500 ms"' },
    input,
  });
  return z.NEVER;
});

const errors = strict({
  /** Default: true. */
  enabled: flag().optional(),
  /** Ratio of the error rates, new to stable. Default: 1.5x. */
  notWorseThan: worse.optional(),
  /** Excess errors, projected to full traffic, below which nobody is woken. Default: 1 per minute. */
  atLeast: quantity('rate', { max: 1_000_000 }).optional(),
});
const latency = strict({
  /** Default: true. */
  enabled: flag().optional(),
  /** What counts as slow. Default: p95 of the stable version before the release. */
  slowerThan: slowerThan.optional(),
  /** Ratio of the shares of slow requests. Default: 1.5x. */
  notWorseThan: worse.optional(),
});
const mode = choice('statistics', 'health');

const gate = strict({
  /** `health`: probes alone decide, as in the source documents. Default: statistics. */
  mode: mode.prefault('statistics'),
  /** Highest chance that a healthy release is rolled back. Default: 1 %. */
  falseRollbacks: percent(0.0001, 50).prefault('1 %'),
  errors: errors.prefault({}),
  latency: latency.prefault({}),
  /** Width of a window. Default: from the traffic, 10 to 60 seconds. */
  window: duration(1000, 10 * MINUTE).optional(),
  /** Longest burst of errors from one cause that the bound covers. Default: 10 seconds. */
  burst: duration(1000, HOUR).prefault('10 seconds'),
  /** Left out at the start. Default: one window, none at 60 seconds. */
  warmup: duration(0, HOUR).optional(),
  /** How long missing counts are waited for before the release goes back. Default: 3 minutes. */
  noDataFor: duration(1000, DAY).prefault('3 minutes'),
  /** When a stage ends without enough evidence. Default: continue, and the record says so. */
  onInconclusive: choice('continue', 'rollback', 'ask').prefault('continue'),
  /** How many times its planned length a stage may last while evidence is missing; 1x: never longer. Default: 3x. */
  patience: ratio(1, 100).optional(),
  /** Service objectives, in percent of requests: they decide at 100 %, where nothing is left to compare with. */
  objectives: strict({
    /** Requests that may fail, e.g. "0.1 %". Default: no objective. */
    errors: percent().optional(),
    /** Requests that may be slow, e.g. "5 %". Default: no objective. */
    slow: percent().optional(),
  }).optional(),
  /** Share of the *stable* version kept beside the new one in the last watched stage, e.g. "5 %". Default: none. */
  holdback: percent(SMALLEST_SHARE, 50).optional(),
  budget: strict({
    /** Failed requests above the stable version's rate. Default: no budget. */
    requests: whole(1, 1_000_000_000).optional(),
    /** Minutes of full outage that the errors amount to, as a plain number. Default: no budget. */
    errorMinutes: z
      .number({ error: 'a number of minutes above 0' })
      .positive({ error: 'a number of minutes above 0' })
      .max(100_000, { error: 'a number of minutes up to 100000' })
      .optional(),
  }).prefault({}),
  /** Per service, where it differs from the above. */
  services: named(
    namePattern(LIMITS.service),
    nameRule(LIMITS.service),
    strict({ mode: mode.optional(), errors: errors.optional(), latency: latency.optional() }),
  ).prefault({}),
});

type Written<T> = { readonly [K in keyof T]?: T[K] | undefined };
type ErrorTest = z.output<typeof errors>;
type LatencyTest = z.output<typeof latency>;

export const fillErrors = (own: ErrorTest, base = ERRORS): typeof ERRORS => ({
  enabled: own.enabled ?? base.enabled,
  notWorseThan: own.notWorseThan ?? base.notWorseThan,
  atLeastPerMinute: own.atLeast ?? base.atLeastPerMinute,
});
export interface FilledLatency {
  readonly enabled: boolean;
  readonly slowerThan: 'p95' | 'p99' | number;
  readonly notWorseThan: number;
}
export const fillLatency = (own: Written<LatencyTest>, base: FilledLatency = LATENCY): FilledLatency => ({
  enabled: own.enabled ?? base.enabled,
  slowerThan: own.slowerThan ?? base.slowerThan,
  notWorseThan: own.notWorseThan ?? base.notWorseThan,
});

const smokeTest = strict({
  name: words('a name for people'),
  /** Default: GET. */
  method: choice('GET', 'POST', 'HEAD').prefault('GET'),
  /** Below the public url; a query is allowed. */
  path: text(/^\/[^\s#]{0,999}$/, 'a path that starts with a slash'),
  /** One status or a list. Default: 200. */
  status: z
    .preprocess(
      (value) => (Array.isArray(value) ? value : [value]),
      list(whole(100, 599), 'a status such as 200, or a list', { min: 1, max: 20 }),
    )
    .prefault(200),
  /** Text that the answer must contain. Default: not looked at. */
  contains: words('a text').optional(),
  /** Sent with POST. */
  body: z.string({ error: 'a text' }).optional(),
  headers: named(/^[A-Za-z0-9-]{1,64}$/, 'a header name', z.string({ error: 'a text' })).prefault({}),
  /** Longest answer time. Default: 5 seconds. */
  within: duration(1, 5 * MINUTE).prefault('5 seconds'),
  /** Whether the release fails with it. Default: true. */
  critical: flag().prefault(true),
});

const smoke = strict({
  /** Default: the public health path of every web service. */
  tests: list(smokeTest, 'a list of tests, each with name and path', { max: 200 }).optional(),
  /** Default: rollback. `report` leaves it to a person. */
  onFailure: choice('rollback', 'report').prefault('rollback'),
  /** Further tries of a failing test. Default: 2. */
  retries: whole(0, 20).prefault(2),
  /** Between tries. Default: 5 seconds. */
  interval: duration(0, 10 * MINUTE).prefault('5 seconds'),
});

const rollback = strict({
  /** Rollback without override after a release; the old slot stays warm as long. Default: 60 minutes. */
  window: duration(0, 30 * DAY).prefault('60 minutes'),
  /** Whether a rollback restores the database. Default: ask. */
  database: choice('ask', 'never', 'always').prefault('ask'),
});

export const rolloutSettings = {
  /** `direct`: a plain `pulumi up` deploys; `staged`: the engine does. Default: staged in production, else direct. */
  rollout: choice('direct', 'staged').optional(),
  /** How a new version takes the old one's place. Default: canary. */
  strategy: choice('canary', 'blueGreen', 'rolling').prefault('canary'),
  /** Default: 5, 50, 100 % where staged; functions 10, 100 %; with blueGreen 100 %. */
  stages: stages.optional(),
  health: health.prefault({}),
  gate: gate.prefault({}),
  smoke: smoke.prefault({}),
  rollback: rollback.prefault({}),
};
