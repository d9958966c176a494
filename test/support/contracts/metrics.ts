import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricQuery, MetricSource } from '../../../release/ports/metrics.ts';

export interface Served {
  readonly requests: number;
  readonly errors: number;
}

export interface MetricsWorld {
  readonly source: MetricSource;
  readonly widthMs: number;
  /** Target groups of the new and the stable version of one service. */
  readonly fresh: string;
  readonly stable: string;
  /** A target group that nothing is known of. */
  readonly unknown: string;
  /** Serves requests with both versions, and resolves when the source must have them in closed windows. */
  serve(fresh: Served, stable: Served): Promise<{ readonly from: number; readonly to: number }>;
  close(): Promise<void>;
}

export const metricsContract = (name: string, open: () => Promise<MetricsWorld>): void => {
  describe(`the metric source on ${name}`, () => {
    let world: MetricsWorld;
    let served: { from: number; to: number };
    const query = (change: Partial<MetricQuery['services'][string]> = {}): MetricQuery => ({
      services: {
        auth: { fresh: world.fresh, stable: world.stable, slowerThanMs: undefined, ...change },
      },
      since: served.from,
      widthMs: world.widthMs,
    });
    const sum = (counts: readonly { requests: number; errors: number }[]): Served => ({
      requests: counts.reduce((a, c) => a + c.requests, 0),
      errors: counts.reduce((a, c) => a + c.errors, 0),
    });
    beforeAll(async () => {
      world = await open();
      served = await world.serve({ requests: 40, errors: 6 }, { requests: 60, errors: 1 });
    });
    afterAll(() => world.close());

    it('counts both versions side by side', async () => {
      const windows = (await world.source.windows(query())).filter((w) => w.to <= served.to);
      expect(sum(windows.map((w) => w.fresh))).toEqual({ requests: 40, errors: 6 });
      expect(sum(windows.map((w) => w.stable))).toEqual({ requests: 60, errors: 1 });
      const busy = windows.filter((w) => w.fresh.requests > 0);
      expect(busy.every((w) => w.seen.fresh && w.seen.stable)).toBe(true);
    });

    it('gives closed windows of the width asked for, oldest first, from the cursor on', async () => {
      const { widthMs } = world;
      const all = await world.source.windows(query());
      expect(all.length).toBeGreaterThan(0);
      expect(all.map((w) => w.from)).toEqual(all.map((_, i) => (all[0]?.from ?? 0) + i * widthMs));
      expect(all.every((w) => w.from % widthMs === 0 && w.to === w.from + widthMs)).toBe(true);
      const cursor = all.at(-1)?.to ?? 0;
      const later = await world.source.windows({ ...query(), since: cursor });
      expect(later.filter((w) => w.from < cursor)).toEqual([]);
    });

    it('tells a window again as it told it before', async () => {
      const windows = async () => (await world.source.windows(query())).filter((w) => w.to <= served.to);
      expect(await windows()).toEqual(await windows());
    });

    it('gives nothing from the future', async () => {
      const later = { ...query(), since: served.to + 3_600_000 };
      expect(await world.source.windows(later)).toEqual([]);
    });

    it('has seen nothing of a version that is not there', async () => {
      const windows = await world.source.windows(query({ stable: undefined }));
      expect(windows.every((w) => !w.seen.stable && w.stable.requests === 0)).toBe(true);
    });

    it('knows what a version did lately, and leaves out what it knows nothing of', async () => {
      const baselines = await world.source.baseline(
        { auth: world.stable, other: world.unknown },
        3_600_000,
        world.widthMs,
      );
      expect(Object.keys(baselines)).toEqual(['auth']);
      expect(baselines['auth']).toMatchObject({ requests: 60, errors: 1 });
      const windows = baselines['auth']?.errorWindows ?? [];
      expect(windows.reduce((a, b) => a + b, 0)).toBe(1);
      expect(windows.length).toBe((baselines['auth']?.seconds ?? 0) / (world.widthMs / 1_000));
    });
  });
};
