import { baselineOf, countsOf, KEPT_SECONDS } from './balancer/metrics.ts';
import { CloudError } from './options.ts';
import type { Baseline, MetricQuery, MetricWindow } from '../../release/ports/metrics.ts';
import type { GroupMetrics } from './balancer/metrics.ts';
import type { Cloud } from './cloud.ts';

interface Counted {
  readonly metrics: GroupMetrics;
}

/** A target group or a published version whose counts can be seen; undefined when there is none, or a fault hides it. */
const visible = (cloud: Cloud, arn: string | undefined): Counted | undefined => {
  if (arn === undefined) return undefined;
  const group = cloud.balancer.group(arn);
  const name = group?.spec.name ?? arn.split(':').slice(6).join(':');
  return cloud.faults.hides(name, arn) ? undefined : (group ?? cloud.functions.byArn(arn));
};

/** Closed windows of both versions side by side. */
export const windowsOf = (cloud: Cloud, query: MetricQuery, now: number): MetricWindow[] => {
  const { since, widthMs } = query;
  if (!(widthMs >= 1_000))
    throw new CloudError('ValidationError', `windows of ${widthMs} ms: allowed are 1000 or more`);
  // Older counts are gone: asking since 1970 must not cost a window for every second since then.
  const first = Math.ceil(Math.max(since, now - KEPT_SECONDS * 1_000) / widthMs) * widthMs;
  const windows: MetricWindow[] = [];
  for (let from = first; from + widthMs <= now; from += widthMs)
    for (const [service, groups] of Object.entries(query.services)) {
      const [fresh, stable] = [visible(cloud, groups.fresh), visible(cloud, groups.stable)];
      const count = (group: Counted | undefined) =>
        group === undefined
          ? { requests: 0, errors: 0, slow: 0 }
          : countsOf(group.metrics.sum(from, from + widthMs), groups.slowerThanMs);
      windows.push({
        service,
        from,
        to: from + widthMs,
        fresh: count(fresh),
        stable: count(stable),
        seen: { fresh: fresh !== undefined, stable: stable !== undefined },
      });
    }
  return windows;
};

export interface BaselineQuery {
  readonly targetGroups: Readonly<Record<string, string>>;
  readonly lookbackMs: number;
  readonly widthMs: number;
}

/** What each service's stable version did lately; a service whose counts cannot be seen is left out. */
export const baselinesOf = (cloud: Cloud, query: BaselineQuery, now: number): Record<string, Baseline> =>
  Object.fromEntries(
    Object.entries(query.targetGroups).flatMap(([service, arn]) => {
      const group = visible(cloud, arn);
      return group === undefined
        ? []
        : [[service, baselineOf(group.metrics, now, query.lookbackMs, query.widthMs)]];
    }),
  );
