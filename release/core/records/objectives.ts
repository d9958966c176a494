import type { State, Sum } from '../engine/types.ts';
import type { DeploymentRecord } from './schema.ts';

/** Azora's service objectives (D8): 95 % of requests under 500 ms, errors under 0.1 %, availability 99.9 %. */
export const OBJECTIVES = { withinMs: 500, errorRate: 0.1, availability: 99.9 } as const;

const plain = (n: number): string => String(Math.round(n * 1000) / 1000);

/** What the new version showed against the objectives; `met: null` where nothing was seen. */
export const objectivesOf = (s: State): DeploymentRecord['objectives'] => {
  const sums: Sum[] = Object.values(s.totals).map((t) => t.fresh);
  const requests = sums.reduce((a, x) => a + x.requests, 0);
  const errors = sums.reduce((a, x) => a + x.errors, 0);
  const slowest = sums.reduce<number | undefined>(
    (a, x) => (x.p95 === undefined ? a : Math.max(a ?? 0, x.p95)),
    undefined,
  );
  const rate = requests === 0 ? undefined : (100 * errors) / requests;
  const none = 'no requests seen';
  return [
    {
      name: 'latency',
      target: `95 % of requests under ${OBJECTIVES.withinMs} ms`,
      observed:
        slowest === undefined ? none : `p95 of the slowest service ${plain(slowest)} ms (last window)`,
      met: slowest === undefined ? null : slowest < OBJECTIVES.withinMs,
    },
    {
      name: 'errors',
      target: `under ${OBJECTIVES.errorRate} %`,
      observed: rate === undefined ? none : `${plain(rate)} % (${errors} of ${requests})`,
      met: rate === undefined ? null : rate < OBJECTIVES.errorRate,
    },
    {
      name: 'availability',
      target: `at least ${OBJECTIVES.availability} %`,
      observed: rate === undefined ? none : `${plain(100 - rate)} %`,
      met: rate === undefined ? null : 100 - rate >= OBJECTIVES.availability,
    },
  ];
};
