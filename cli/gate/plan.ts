import type { App, GateSettings } from '../../config/types.ts';
import type { Random } from '../../lib/random.ts';
import { SMALLEST_CORRECTION } from '../../release/core/gate/errors.ts';
import { ROUTING_FAULT } from '../../release/core/gate/failure.ts';
import { PATIENCE } from '../../release/core/gate/terms.ts';
import { DECISIVE_SHARE, requestsWanted } from '../../release/core/gate/promotion.ts';
import { warmupWindows, windowWidth } from '../../release/core/gate/window.ts';
import { countText, many, shareText, spanText, waitText } from '../../release/core/gate/words.ts';
import { manyTimes, within, type Course } from './simulate.ts';
import { table } from './table.ts';

export interface PlanRequest {
  /** Requests per second of one service, both versions together. */
  readonly rps: number;
  /** Error rate of the stable version, 0 to 1. */
  readonly errors: number;
  /** The stages before 100 %: share in percent, bake in ms. At least one. */
  readonly stages: readonly { readonly share: number; readonly bake: number }[];
  readonly settings: GateSettings;
  /** Services times metrics that can fail a release; alpha is divided by it. */
  readonly tests: number;
  /** Errors of the new version to look for, 0 to 1; chosen from `errors` unless given. */
  readonly regressions?: readonly number[];
  /** Largest cluster of errors of the past; the smallest that is assumed unless given. */
  readonly cluster?: number;
  /** From the end of a window until the gate has it, ms; 0 unless given (CloudWatch: 60 to 180 s). */
  readonly delay?: number;
  /** Probes of the new version: hard evidence beside the counts. */
  readonly probes?: { readonly interval: number; readonly failures: number };
  /** Simulated releases for each line; 300 unless given. */
  readonly runs?: number;
}

export interface PlanRow {
  /** Error rate of the new version, 0 to 1. */
  readonly rate: number;
  /** As the share of the first stage lasts: time to a verdict in half of all releases, and in 9 of 10; undefined: over an hour or four times the stages. */
  readonly half: number | undefined;
  readonly nineOfTen: number | undefined;
  /** Chance, 0 to 1, that the first stage sees it, and that any stage before 100 % does. */
  readonly firstStage: number;
  readonly beforeAll: number;
  /** Through all stages, as the release will run: time within which 9 of 10 are sent back; undefined: fewer are. */
  readonly promised: number | undefined;
}

export interface GatePlan {
  readonly window: number;
  readonly threshold: number;
  readonly rows: readonly PlanRow[];
  readonly notes: readonly string[];
  readonly text: string;
}

const HOUR = 3_600_000;
const WINDOWS_AT_MOST = 720;

/** The stages of an application before everybody gets the new version. */
export const stagesBeforeAll = (app: Pick<App, 'stages'>): PlanRequest['stages'] =>
  app.stages.filter((stage) => stage.traffic < 100).map(({ traffic, bake }) => ({ share: traffic, bake }));

/** What a canary of this length sees of which regression, before a release is risked. Simulated, not guessed. */
export const planGate = (request: PlanRequest, random: Random): GatePlan => {
  const course = courseOf(request);
  const runs = request.runs ?? 300;
  const first = course.stages[0];
  const bakes = course.stages.reduce((sum, stage) => sum + stage.bake, 0);
  const long = Math.min(Math.max(HOUR, 4 * bakes), WINDOWS_AT_MOST * course.window);
  const rows = (request.regressions ?? regressionsOf(request.errors)).map((rate): PlanRow => {
    const rates = { fresh: rate, stable: request.errors };
    const staying = manyTimes(
      { ...course, stages: [{ share: first?.share ?? 0, bake: long }] },
      rates,
      runs,
      random,
    );
    const released = manyTimes(course, rates, runs, random);
    const inFirst = released.failed.filter((time) => time - course.delay <= (first?.bake ?? 0)).length;
    return {
      rate,
      half: within(staying, 0.5),
      nineOfTen: within(staying, 0.9),
      firstStage: inFirst / runs,
      beforeAll: released.failed.length / runs,
      promised: within(released, 0.9),
    };
  });
  const notes = notesOf(request, course);
  const threshold = 1 / course.alpha;
  return {
    window: course.window,
    threshold,
    rows,
    notes,
    text: textOf(request, course, rows, notes, runs, long),
  };
};

const courseOf = ({ rps, stages, settings, tests, cluster, delay }: PlanRequest): Course => {
  const window = windowWidth(settings, rps, stages[0]?.share ?? 0);
  return {
    rps,
    stages,
    window,
    burst: settings.burst,
    warmup: warmupWindows(settings, window),
    alpha: settings.falseRollbacks / 100 / Math.max(1, tests),
    r0: settings.errors.notWorseThan,
    atLeastPerMinute: settings.errors.atLeastPerMinute,
    cluster: cluster ?? SMALLEST_CORRECTION,
    delay: delay ?? 0,
  };
};

/** Twice, five and twenty times the errors, and everything; from a rate of zero: round numbers. */
const regressionsOf = (errors: number): readonly number[] => [
  ...(errors > 0 ? [2 * errors, 5 * errors, 20 * errors] : [0.001, 0.01, 0.05]).filter((rate) => rate < 0.9),
  1,
];

const notesOf = (request: PlanRequest, course: Course): readonly string[] => {
  const first = course.stages[0]?.share ?? 0;
  const due = (course.rps * first) / 100;
  const notes = [
    `A good release is rolled back by these statistics in at most ${request.settings.falseRollbacks} of 100 cases; up to ${course.r0} times the errors counts as good.`,
    due > 0
      ? `No traffic at all for the new version is noticed after ${waitText(((2 * ROUTING_FAULT) / due) * 1000)}.`
      : 'Without requests nothing is seen but probes.',
  ];
  if (request.probes)
    notes.push(
      `A version that answers no probe is sent back after ${waitText(request.probes.interval * request.probes.failures)}, at any traffic.`,
    );
  const decisive = course.stages.find((stage) => stage.share >= DECISIVE_SHARE);
  if (decisive) notes.push(decisiveNote(request, course, decisive));
  return notes;
};

const decisiveNote = (
  request: PlanRequest,
  course: Course,
  stage: { readonly share: number; readonly bake: number },
): string => {
  const wanted = requestsWanted(request.errors);
  const perMs = (course.rps * stage.share) / 100 / 1000;
  const before = course.stages
    .slice(0, course.stages.indexOf(stage))
    .reduce((sum, one) => sum + (one.bake * course.rps * one.share) / 100_000, 0);
  const needed = perMs > 0 ? Math.max(0, wanted - before) / perMs : Infinity;
  const patience = request.settings.patience ?? PATIENCE;
  const text = `At ${stage.share} % the new version must have served ${countText(wanted)} requests`;
  if (needed <= stage.bake) return `${text}: that fits into the stage (${spanText(stage.bake)}).`;
  const time = Number.isFinite(needed) ? `that takes ${waitText(needed)}` : 'that never happens';
  if (needed <= patience * stage.bake)
    return `${text}: ${time}, so the stage lasts longer than its ${spanText(stage.bake)}.`;
  return `${text}: ${time}, more than ${patience} times the stage (${spanText(stage.bake)}), so it will mostly end inconclusive and then "${request.settings.onInconclusive}" is done.`;
};

const textOf = (
  request: PlanRequest,
  course: Course,
  rows: readonly PlanRow[],
  notes: readonly string[],
  runs: number,
  long: number,
): string => {
  const first = course.stages[0];
  const time = (ms: number | undefined): string =>
    ms === undefined ? `over ${spanText(long)}` : waitText(ms);
  const chance = (part: number): string =>
    part > 0 && part < 0.01 ? 'under 1 %' : `${Math.round(part * 100)} %`;
  const rate = (row: PlanRow): string =>
    row.rate === 1
      ? 'all fail'
      : `${shareText(row.rate)}${request.errors > 0 ? ` (${Number((row.rate / request.errors).toPrecision(2))} times)` : ''}`;
  return [
    `${request.rps < 10 ? request.rps : countText(request.rps)} requests/s, ${request.errors === 0 ? 'no errors' : `${shareText(request.errors)} errors`}; ` +
      `${course.stages.map((stage) => `${stage.share} % for ${spanText(stage.bake)}`).join(', ')}; ` +
      `windows of ${spanText(course.window)}${course.delay > 0 ? `, looked at up to ${spanText(course.delay)} later` : ''}, ${many(request.tests, 'metric')}, ${countText(runs)} simulated releases a line`,
    '',
    ...table([
      [
        'new version',
        `at ${first?.share ?? 0} %: half after`,
        '9 of 10 after',
        'seen in that stage',
        'seen before 100 %',
      ],
      ...rows.map((row) => [
        rate(row),
        time(row.half),
        time(row.nineOfTen),
        chance(row.firstStage),
        chance(row.beforeAll),
      ]),
    ]),
    '',
    ...notes,
  ].join('\n');
};
