import type { Baseline } from '../../ports/metrics.ts';
import { OBJECTIVES } from './objectives.ts';
import type { DeploymentRecord } from './schema.ts';

/** One service since the release, beside what it was in the release's last stage. */
export interface Watched {
  readonly service: string;
  readonly requests: number;
  /** Percent; undefined without requests. */
  readonly errorRate: number | undefined;
  readonly p95: number | undefined;
  readonly p95Before: number | undefined;
  /** What a person should look at; empty when all is well. */
  readonly concerns: readonly string[];
}

/** The closer watch of a release (D13). */
export interface WatchReport {
  readonly deployment: string;
  readonly version: string;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** When the closer watch ends. */
  readonly until: string;
  readonly over: boolean;
  readonly services: readonly Watched[];
  /** Health endpoints that did not answer as they should. */
  readonly unhealthy: readonly string[];
  readonly calm: boolean;
}

const WORSE = 1.5;

/** Of the version that the release brought, or, where it went through unwatched, of nobody. */
const p95Of = (r: DeploymentRecord, service: string): number | undefined => {
  const stage = r.rollout_stages.findLast((s) => s.totals[service]?.stable.p95 !== undefined);
  return stage?.totals[service]?.stable.p95;
};

const watched = (r: DeploymentRecord, service: string, seen: Baseline): Watched => {
  const errorRate = seen.requests === 0 ? undefined : (100 * seen.errors) / seen.requests;
  const before = p95Of(r, service);
  const concerns = [
    ...(errorRate !== undefined && errorRate >= OBJECTIVES.errorRate
      ? [`errors ${errorRate.toFixed(2)} %, objective under ${OBJECTIVES.errorRate} %`]
      : []),
    ...(seen.p95 !== undefined && seen.p95 >= OBJECTIVES.withinMs
      ? [`p95 ${Math.round(seen.p95)} ms, objective under ${OBJECTIVES.withinMs} ms`]
      : []),
    ...(seen.p95 !== undefined && before !== undefined && seen.p95 > before * WORSE
      ? [`p95 ${Math.round(seen.p95)} ms, ${Math.round(before)} ms before the release`]
      : []),
  ];
  return { service, requests: seen.requests, errorRate, p95: seen.p95, p95Before: before, concerns };
};

export interface WatchInput {
  readonly record: DeploymentRecord;
  readonly seen: Readonly<Record<string, Baseline>>;
  readonly unhealthy: readonly string[];
  /** How long the closer watch lasts, ms. */
  readonly watchFor: number;
  readonly now: number;
}

export const watchReport = ({ record, seen, unhealthy, watchFor, now }: WatchInput): WatchReport => {
  const until = Date.parse(record.finished_at) + watchFor;
  const services = Object.entries(seen).map(([service, counts]) => watched(record, service, counts));
  return {
    deployment: record.deployment_id,
    version: record.version,
    from: record.finished_at,
    to: new Date(Math.min(now, until)).toISOString(),
    until: new Date(until).toISOString(),
    over: now >= until,
    services,
    unhealthy,
    calm: unhealthy.length === 0 && services.every((s) => s.concerns.length === 0),
  };
};

const rate = (n: number | undefined): string => (n === undefined ? '–' : `${Number(n.toFixed(3))} %`);
const ms = (n: number | undefined): string => (n === undefined ? '–' : `${Math.round(n)} ms`);

/** For people: what was seen since the release, and what to look at. Markdown. */
export const watchDocument = (w: WatchReport, stack: string): string =>
  [
    `# Closer watch of ${w.version} in ${stack}`,
    '',
    `- Deployment: \`${w.deployment}\``,
    `- Watched: ${w.from} to ${w.to}${w.over ? ', over' : `; goes on until ${w.until}`}`,
    `- Verdict: ${w.calm ? 'nothing to look at' : '**look at what is named below**'}`,
    '',
    '| service | requests | errors | p95 | p95 before | look at |',
    '|---|---|---|---|---|---|',
    ...w.services.map(
      (s) =>
        `| ${s.service} | ${s.requests} | ${rate(s.errorRate)} | ${ms(s.p95)} | ${ms(s.p95Before)} | ${s.concerns.join('; ') || 'nothing'} |`,
    ),
    '',
    ...w.unhealthy.map((u) => `- unhealthy: ${u}`),
    'Also to look at: logs of the services, queues and workers, what support hears, the database’s slow statements and locks.',
    '',
  ].join('\n');
